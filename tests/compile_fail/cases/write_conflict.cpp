// says: write conflict: two tasks that may run at the same time write the same key
// names: order_pipeline total left right
CLOACINA_TASK(left, .writes = {total}) {}
CLOACINA_TASK(right, .writes = {total}) {}
CLOACINA_TASK(join, .after = {left, right}, .reads = {total}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {left, right, join});
