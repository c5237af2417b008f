// says: at_most_once with retries: a task that may run once only has .retry = {.max_attempts = 1}
// names: order_pipeline extract
CLOACINA_TASK(extract, .retry = {.max_attempts = 3}, .execution = cloacina::at_most_once) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract});
