// Nothing in main.cpp names a symbol of this file: that its workflow is found proves the
// registration.
#include <cloacina/cloacina.hpp>

namespace {
CLOACINA_KEY(number, int);
CLOACINA_KEY(doubled, int);

CLOACINA_CO_TASK(double_it, .reads = {number}, .writes = {doubled}) {
  context.put(doubled, 2 * context.get(number));
#ifndef FORGET_CO_RETURN
  co_return;
#endif
}

CLOACINA_WORKFLOW(doubling, .inputs = {number}, .tasks = {double_it});
}  // namespace
