// says: a trigger fires its own .workflow, and this is another one
// names: new_orders_trigger tidy_up_workflow
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(pipeline, .inputs = {order_id}, .tasks = {work});
CLOACINA_WORKFLOW(tidy_up, .inputs = {order_id}, .tasks = {work});
CLOACINA_TRIGGER(new_orders, .workflow = pipeline) { return fire(tidy_up(order_id = 1)); }
