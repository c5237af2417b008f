// says: wrong value type: the key does not hold values of this type
// names: order_id double
CLOACINA_TASK(extract) {}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id}, .tasks = {extract});
void use() { static_cast<void>(order_pipeline(order_id = 4.5)); }
