// says: missing input: give every key of the workflow's .inputs as key = value
// names: order_pipeline total
CLOACINA_TASK(extract) {}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id, total, note}, .tasks = {extract});
void use() { static_cast<void>(order_pipeline(order_id = 42, note = "")); }
