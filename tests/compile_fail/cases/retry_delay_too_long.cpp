// says: duration out of range: timeouts and retry delays are 0 to 100 years; a timeout of 0 is none
// names: order_pipeline extract
CLOACINA_TASK(extract, .retry = {.max_delay = std::chrono::hours{101 * 8760}}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract});
