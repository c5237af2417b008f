// says: dependency cycle: no task of this loop could ever run
// names: order_pipeline first second third fourth fifth sixth
CLOACINA_TASK(root) {}
CLOACINA_TASK(first, .after = {root, "sixth"}) {}
CLOACINA_TASK(second, .after = {first}) {}
CLOACINA_TASK(third, .after = {second}) {}
CLOACINA_TASK(fourth, .after = {third}) {}
CLOACINA_TASK(fifth, .after = {fourth}) {}
CLOACINA_TASK(sixth, .after = {fifth}) {}
CLOACINA_TASK(last, .after = {sixth}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {last, root, first, second, third, fourth, fifth, sixth});
