#include "workflows.hpp"

#include <cloacina/cloacina.hpp>
#include <cstdint>

namespace keys {
CLOACINA_KEY(rows, std::int64_t);
CLOACINA_KEY(total, std::int64_t);
CLOACINA_KEY(first_batch, std::int64_t);
CLOACINA_KEY(second_batch, std::int64_t);
CLOACINA_KEY(third_batch, std::int64_t);
}  // namespace keys
using namespace keys;

CLOACINA_TASK(process, .writes = {total}) { context.put(total, 42); }
CLOACINA_WORKFLOW(simple, .tasks = {process});

CLOACINA_TASK(extract, .writes = {rows}) { context.put(rows, 1'000); }
CLOACINA_TASK(transform, .after = {extract}, .reads = {rows}, .writes = {total}) {
  context.put(total, context.get(rows) * 2);
}
CLOACINA_TASK(load, .after = {transform}, .reads = {total}) { (void)context.get(total); }
CLOACINA_WORKFLOW(pipeline, .tasks = {extract, transform, load});

CLOACINA_TASK(setup, .writes = {rows}) { context.put(rows, 300); }
CLOACINA_TASK(batch_1, .after = {setup}, .reads = {rows}, .writes = {first_batch}) {
  context.put(first_batch, context.get(rows) / 3);
}
CLOACINA_TASK(batch_2, .after = {setup}, .reads = {rows}, .writes = {second_batch}) {
  context.put(second_batch, context.get(rows) / 3);
}
CLOACINA_TASK(batch_3, .after = {setup}, .reads = {rows}, .writes = {third_batch}) {
  context.put(third_batch, context.get(rows) / 3);
}
CLOACINA_TASK(merge, .after = {batch_1, batch_2, batch_3},
              .reads = {first_batch, second_batch, third_batch}, .writes = {total}) {
  context.put(total,
              context.get(first_batch) + context.get(second_batch) + context.get(third_batch));
}
CLOACINA_WORKFLOW(parallel, .tasks = {setup, batch_1, batch_2, batch_3, merge});

CLOACINA_TASK(first) {}
CLOACINA_TASK(middle_1, .after = {first}) {}
CLOACINA_TASK(middle_2, .after = {first}) {}
CLOACINA_TASK(middle_3, .after = {first}) {}
CLOACINA_TASK(middle_4, .after = {first}) {}
CLOACINA_TASK(middle_5, .after = {first}) {}
CLOACINA_TASK(middle_6, .after = {first}) {}
CLOACINA_TASK(middle_7, .after = {first}) {}
CLOACINA_TASK(middle_8, .after = {first}) {}
CLOACINA_TASK(last, .after = {middle_1, middle_2, middle_3, middle_4, middle_5, middle_6, middle_7,
                              middle_8}) {}
CLOACINA_WORKFLOW(ten_tasks, .tasks = {first, middle_1, middle_2, middle_3, middle_4, middle_5,
                                       middle_6, middle_7, middle_8, last});
