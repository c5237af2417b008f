#include <cloacina/detail/context_delta.hpp>

#include "core/json_text.hpp"

namespace cloacina::detail {
namespace {

[[noreturn]] void refuse(std::string const& problem) {
  throw ValidationError("context delta: " + problem +
                        R"(; expected {"set":{…},"removed":["key"]})");
}

std::vector<std::string> removed_from(Json const& list) {
  if (!list.is_array()) refuse("'removed' is not an array");
  std::vector<std::string> keys;
  for (auto const& key : list) {
    if (!key.is_string()) refuse("'removed' holds something that is not a key");
    keys.push_back(key.get<std::string>());
  }
  return keys;
}

}  // namespace

std::string ContextDelta::to_json() const {
  std::string text{"{"};
  if (!set.empty()) text += "\"set\":" + set.to_json();
  if (!removed.empty()) {
    text += text.size() > 1 ? ",\"removed\":[" : "\"removed\":[";
    for (std::size_t i = 0; i < removed.size(); ++i) {
      if (i > 0) text += ',';
      append_json_string(text, removed[i]);
    }
    text += ']';
  }
  text += '}';
  return text;
}

ContextDelta ContextDelta::from_json(std::string_view text) {
  // One level for the delta, one for the context in it.
  auto const value = parse_json(text, "context delta", 2);
  if (!value.is_object()) refuse("not an object");
  ContextDelta delta;
  for (auto const& [key, part] : value.get_ref<Json::object_t const&>()) {
    if (key == "set" && part.is_object()) {
      delta.set = Context::from_value(part);
    } else if (key == "removed") {
      delta.removed = removed_from(part);
    } else {
      refuse("unknown or wrong part '" + key + "'");
    }
  }
  for (auto const& key : delta.removed) {
    if (delta.set.contains(key)) refuse("key '" + key + "' is both set and removed");
  }
  return delta;
}

}  // namespace cloacina::detail
