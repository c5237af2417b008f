// says: dependency cycle: no task of this loop could ever run
// names: order_pipeline extract
CLOACINA_TASK(extract, .after = {"extract"}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract});
