#pragma once

#include <nlohmann/json.hpp>

namespace cloacina {

/// The JSON type of contexts: objects keep the order in which their keys were inserted.
using Json = nlohmann::ordered_json;

}  // namespace cloacina
