// says: cron expression: unknown name; months are JAN to DEC, days are SUN to SAT
// names: week FUNDAY
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(nightly, .inputs = {order_id}, .tasks = {work});
CLOACINA_CRON(nightly(order_id = 1), "0 9 * * MON-FUNDAY");
