// says: unknown task: .tasks takes the symbols of tasks, not their ids
// names: order_pipeline extract
CLOACINA_TASK(extract) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {"extract"});
