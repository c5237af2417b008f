#include <cloacina/detail/decode.hpp>

#include <cloacina/error.hpp>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace cloacina::detail {
namespace {

std::string text_of(JsonPath const& path) {
  if (path.parent == nullptr) return std::string{path.name};
  if (path.is_element) return text_of(*path.parent) + "[" + std::to_string(path.index) + "]";
  return text_of(*path.parent) + "." + std::string{path.name};
}

std::string key_of(JsonPath const& path) {
  return path.parent == nullptr ? std::string{path.name} : key_of(*path.parent);
}

/// Containers by their kind only: they may be long.
std::string describe(Json const& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array of " + std::to_string(value.size()) + " elements";
  return shorten_utf8(to_json_text(value), 80);
}

[[noreturn]] void fail(JsonPath const& path, std::string const& problem) {
  throw ContextError("context key '" + text_of(path) + "': " + problem, key_of(path));
}

}  // namespace

void throw_wrong_type(JsonPath const& path, std::string_view expected, Json const& found) {
  fail(path, "expected " + std::string{expected} + ", found " + describe(found));
}

void throw_out_of_range(JsonPath const& path, Json const& found, std::string const& low,
                        std::string const& high) {
  fail(path, describe(found) + " does not fit; this type holds " + low + " to " + high);
}

void throw_not_an_integer(JsonPath const& path, Json const& found) {
  fail(path, "expected an integer, found " + describe(found) + ", which has a fraction");
}

void throw_not_convertible(JsonPath const& path, Json const& found, std::string_view why) {
  fail(path,
       describe(found) + " does not convert to the type that was asked for: " + to_valid_utf8(why));
}

}  // namespace cloacina::detail
