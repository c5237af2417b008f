// compiles
CLOACINA_TASK(work, .reads = {order_id}) {}
CLOACINA_WORKFLOW(nightly, .inputs = {order_id}, .tasks = {work});
CLOACINA_CRON(nightly(order_id = 1), "0 9 * * MON-FRI", .timezone = "Europe/Paris", .name = "morning",
              .catchup = cloacina::CatchupPolicy::run_once);
CLOACINA_CRON(nightly(order_id = 2), "@daily");
