// says: the workflow takes inputs: fire(workflow(key = value))
// names: new_orders_trigger
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(pipeline, .inputs = {order_id}, .tasks = {work});
CLOACINA_TRIGGER(new_orders, .workflow = pipeline) { return fire(); }
