// says: the option .durable_callbacks comes with a later version
// names: durable_callbacks durable_callbacks.cpp
CLOACINA_TASK(extract) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract}, .durable_callbacks = true);
