// says: rule names a task that is not upstream: a trigger rule may look only at tasks that this one comes after
// names: order_pipeline report audit
CLOACINA_TASK(extract) {}
CLOACINA_TASK(audit, .after = {extract}) {}
CLOACINA_TASK(report, .after = {extract}, .trigger_rule = when::task_failed("audit")) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract, audit, report});
