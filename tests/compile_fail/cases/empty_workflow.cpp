// says: empty workflow: name its tasks in .tasks
// names: order_pipeline
CLOACINA_WORKFLOW(order_pipeline);
