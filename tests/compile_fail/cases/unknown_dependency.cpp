// says: unknown dependency: a task's .after names a task that is not in the workflow's .tasks
// names: order_pipeline report extrct
CLOACINA_TASK(extract) {}
CLOACINA_TASK(report, .after = {"extrct"}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract, report});
