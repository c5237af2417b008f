// says: unknown input: the workflow's .inputs does not list this key
// names: order_pipeline total
CLOACINA_TASK(extract) {}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id}, .tasks = {extract});
void use() { static_cast<void>(order_pipeline(order_id = 42, total = 3.0)); }
