// compiles
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(pipeline, .inputs = {order_id}, .tasks = {work});
CLOACINA_TASK(rest) {}
CLOACINA_WORKFLOW(tidy_up, .tasks = {rest});
CLOACINA_TRIGGER(new_orders, .workflow = pipeline, .poll_interval = "500ms", .allow_concurrent = true) {
  if (trigger.state.contains("last")) return skip();
  trigger.state.put("last", 2);
  return fire(std::vector{pipeline(order_id = 1), pipeline(order_id = 2)});
}
CLOACINA_TRIGGER(by_name, .workflow = "elsewhere", .poll_interval = std::chrono::milliseconds{1}) {
  return fire(cloacina::Context{{"order_id", 1}});
}
CLOACINA_CO_TRIGGER(untidy, .workflow = tidy_up, .name = "a name with blanks") {
  co_await trigger.async_sleep_for(std::chrono::milliseconds{1});
  co_return fire();
}
CLOACINA_KEY(trigger_name, std::string);
CLOACINA_TASK(note_who, .reads = {order_id, trigger_name}) {}
CLOACINA_WORKFLOW(noted, .inputs = {order_id, trigger_name}, .tasks = {note_who});
CLOACINA_TRIGGER(leaves_inputs, .workflow = noted) { return fire(scheduled(noted, order_id = 1)); }
