// says: cron expression: a value is out of the field's range
// names: minute 61 1
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(nightly, .inputs = {order_id}, .tasks = {work});
CLOACINA_CRON(nightly(order_id = 1), "61 * * * *");
