#pragma once

#include <cloacina/task.hpp>

#include "keys.hpp"

// Tasks as a program with several sources has them: declared here, defined in declared_tasks.cpp.
namespace cloacina::test {

CLOACINA_DECLARE_TASK(declared, .reads = {order_id}, .writes = {total});
CLOACINA_DECLARE_CO_TASK(declared_coroutine, .after = {declared}, .version = 2);

}  // namespace cloacina::test
