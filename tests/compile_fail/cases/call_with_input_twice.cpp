// says: duplicate input: one key is given twice
// names: order_pipeline order_id
CLOACINA_TASK(extract) {}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id}, .tasks = {extract});
void use() { static_cast<void>(order_pipeline(order_id = 42, order_id = 43)); }
