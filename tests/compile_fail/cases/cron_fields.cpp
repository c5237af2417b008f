// says: cron expression: five fields (minute, hour, day of month, month, day of week), or six with leading seconds
// names: 9
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(nightly, .inputs = {order_id}, .tasks = {work});
CLOACINA_CRON(nightly(order_id = 1), "0 9 *");
