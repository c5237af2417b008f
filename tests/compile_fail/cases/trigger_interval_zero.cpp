// says: poll_interval of a trigger: expected 1ms to 100 years
// names: new_orders_trigger
CLOACINA_TASK(work) {}
CLOACINA_WORKFLOW(pipeline, .tasks = {work});
CLOACINA_TRIGGER(new_orders, .workflow = pipeline, .poll_interval = std::chrono::milliseconds{0}) {
  return fire();
}
