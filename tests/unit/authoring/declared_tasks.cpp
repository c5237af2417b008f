#include "declared_tasks.hpp"

namespace cloacina::test {

CLOACINA_DEFINE_TASK(declared) { context.put(total, static_cast<double>(context.get(order_id))); }

}  // namespace cloacina::test

CLOACINA_DEFINE_TASK(cloacina::test::declared_coroutine) {
  context.put("seen", true);
  co_return;
}
