#include <cloacina/context.hpp>

#include "core/json_rules.hpp"
#include "core/json_text.hpp"
#include "core/nearest.hpp"

namespace cloacina {
namespace {

[[noreturn]] void throw_missing(Context const& context, std::string_view key) {
  std::vector<std::string_view> keys;
  for (auto const& [name, value] : context) keys.push_back(name);
  auto message = "context has no key '" + std::string{key} + "'";
  if (keys.empty()) {
    message += "; it is empty";
  } else {
    message += did_you_mean(key, keys) + "; its keys: " + list_of(keys, 16);
  }
  throw ContextError(message, std::string{key});
}

}  // namespace

Context::Context(std::initializer_list<Entry> entries) {
  for (auto const& entry : entries) insert(entry.key_, entry.value_);
}

std::size_t Context::size() const noexcept { return data_ ? data_->size() : 0; }

Json const* Context::find(std::string_view key) const noexcept {
  if (!data_) return nullptr;
  auto const* entry = data_->find(key);
  return entry == nullptr ? nullptr : entry->value.get();
}

Json const& Context::get(std::string_view key) const {
  if (auto const* value = find(key)) return *value;
  throw_missing(*this, key);
}

bool Context::remove(std::string_view key) {
  // Not before it is known to be there: `writable` may copy everything.
  return contains(key) && data_.writable().remove(key);
}

void Context::clear() noexcept { data_ = {}; }

void Context::insert_json(std::string_view key, Json value) {
  if (contains(key)) {
    throw ContextError("context key '" + std::string{key} +
                           "' exists already; use put or update to replace its value",
                       std::string{key});
  }
  put_json(key, std::move(value));
}

void Context::update_json(std::string_view key, Json value) {
  if (!contains(key)) throw_missing(*this, key);
  put_json(key, std::move(value));
}

void Context::put_json(std::string_view key, Json value) {
  check_storable(key, value);
  put_shared(key, detail::SharedJson{std::move(value)});
}

void Context::put_shared(std::string_view key, detail::SharedJson value) {
  data_.writable().put(key, std::move(value));
}

detail::SharedJson Context::find_shared(std::string_view key) const noexcept {
  if (!data_) return {};
  auto const* entry = data_->find(key);
  return entry == nullptr ? detail::SharedJson{} : entry->value;
}

Context::const_iterator Context::begin() const noexcept {
  return data_ ? data_->begin() : const_iterator{};
}
Context::const_iterator Context::end() const noexcept {
  return data_ ? data_->end() : const_iterator{};
}

std::string Context::to_json() const {
  std::string text{"{"};
  for (auto const& [key, value] : *this) {
    if (text.size() > 1) text += ',';
    append_json_string(text, key);
    text += ':';
    append_json(text, value);
  }
  text += '}';
  return text;
}

Context Context::from_json(std::string_view text) {
  auto object = parse_json(text, "context");
  if (!object.is_object()) return from_value(object);
  Context context;
  // The parser let nothing through that could not be stored, and no key twice.
  for (auto& [key, value] : object.get_ref<Json::object_t&>()) {
    context.put_shared(key, detail::SharedJson{std::move(value)});
  }
  return context;
}

Context Context::from_value(Json const& object) {
  if (!object.is_object()) {
    throw ValidationError("context: expected a JSON object, found " +
                          std::string{object.type_name()});
  }
  Context context;
  for (auto const& [key, value] : object.get_ref<Json::object_t const&>()) context.put(key, value);
  return context;
}

bool operator==(Context const& a, Context const& b) {
  if (a.shares_content_with(b)) return true;
  if (a.size() != b.size()) return false;
  for (auto const& [key, value] : a) {
    auto const* other = b.find(key);
    if (other == nullptr || !json_equal(value, *other)) return false;
  }
  return true;
}

}  // namespace cloacina
