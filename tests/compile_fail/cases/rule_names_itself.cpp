// says: rule names a task that is not upstream: a trigger rule may look only at tasks that this one comes after
// names: order_pipeline report
CLOACINA_TASK(extract) {}
CLOACINA_TASK(report, .after = {extract}, .trigger_rule = when::all(when::task_success(extract), when::task_skipped("report"))) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract, report});
