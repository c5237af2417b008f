// says: cron expression: it never fires: no such day is in any of its months
// names: 30
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(nightly, .inputs = {order_id}, .tasks = {work});
CLOACINA_CRON(nightly(order_id = 1), "0 9 30 2 *");
