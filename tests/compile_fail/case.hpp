// What every case is compiled after: the authoring headers, and a few keys and tasks of a shop.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <cloacina/cron.hpp>
#include <cloacina/execution_result.hpp>
#include <cloacina/trigger.hpp>
#include <cloacina/workflow_builder.hpp>
#include <cloacina/workflow_symbol.hpp>

namespace keys {
CLOACINA_KEY(order_id, std::int64_t);
CLOACINA_KEY(lines, std::map<int, double>);
CLOACINA_KEY(total, double);
CLOACINA_KEY(note, std::string);
}  // namespace keys

using namespace keys;
namespace when = cloacina::when;
