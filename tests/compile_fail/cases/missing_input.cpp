// says: missing input: no upstream task writes this key, and it is not in the workflow's .inputs
// names: order_pipeline report lines
CLOACINA_TASK(extract, .writes = {lines}) { context.put(lines, {}); }
CLOACINA_TASK(report, .reads = {lines}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract, report});
