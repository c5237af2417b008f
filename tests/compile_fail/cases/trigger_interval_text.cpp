// says: throw_not_a_duration
// says[clang++]: must be initialized by a constant expression
// names: minutes
CLOACINA_TASK(work) {}
CLOACINA_WORKFLOW(pipeline, .tasks = {work});
CLOACINA_TRIGGER(new_orders, .workflow = pipeline, .poll_interval = "5 minutes") { return fire(); }
