// says: write conflict: two tasks that may run at the same time write the same key
// names: order_pipeline total left right
// The first join merges; the second one does not come after it, so values would meet there unannounced.
CLOACINA_TASK(left, .writes = {total}) {}
CLOACINA_TASK(right, .writes = {total}) {}
CLOACINA_TASK(join, .after = {left, right}, .merges = {total}) {}
CLOACINA_TASK(other_join, .after = {left, right}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {left, right, join, other_join});
