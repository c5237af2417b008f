// says: dependency cycle: no task of this loop could ever run
// names: order_pipeline extract report clean
CLOACINA_TASK(extract, .after = {"report"}) {}
CLOACINA_TASK(clean, .after = {extract}) {}
CLOACINA_TASK(report, .after = {clean}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract, clean, report});
