// says: duplicate task: two entries of .tasks have the same id
// names: order_pipeline extract
CLOACINA_TASK(extract) {}
CLOACINA_TASK(extract_again, .id = "extract") {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract, extract_again});
