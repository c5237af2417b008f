#include <cloacina/detail/task_values.hpp>

#include <algorithm>

namespace cloacina::detail {
namespace {

bool is_removed(ContextDelta const& delta, std::string_view key) noexcept {
  return !delta.removed.empty() &&
         std::find(delta.removed.begin(), delta.removed.end(), key) != delta.removed.end();
}

std::string known_keys(Context const& context) {
  if (context.empty()) return "the context is empty";
  std::string text = "it holds";
  std::size_t listed = 0;
  for (auto const& [key, value] : context) {
    if (listed == 16) return text + " …";
    text += (listed++ == 0 ? " '" : ", '") + key + "'";
  }
  return text;
}

}  // namespace

Json const* TaskValues::find(std::string_view key) const noexcept {
  if (Json const* changed = delta.set.find(key)) return changed;
  if (is_removed(delta, key)) return nullptr;
  return given.find(key);
}

Json const& TaskValues::get(std::string_view key) const {
  if (Json const* value = find(key)) return *value;
  auto const name = std::string{key};
  for (auto const& [absent, reason] : missing)
    if (absent == key) throw ContextError("no value for key '" + name + "': " + reason, name);
  if (is_removed(delta, key))
    throw ContextError("no value for key '" + name + "': this task removed it", name);
  throw ContextError(
      "no value for key '" + name + "' in the task's context; " + known_keys(merged()), name);
}

void TaskValues::check_absent(std::string_view key) const {
  if (find(key))
    throw ContextError(
        "key '" + std::string{key} + "' exists already; use update or put to replace its value",
        std::string{key});
}

void TaskValues::check_present(std::string_view key) const {
  if (!find(key))
    throw ContextError("key '" + std::string{key} +
                           "' does not exist; use insert or put to add it; " + known_keys(merged()),
                       std::string{key});
}

bool TaskValues::remove(std::string_view key) {
  if (!find(key)) return false;
  if (given.contains(key)) delta.removed.emplace_back(key);
  delta.set.remove(key);
  for (auto& known : decoded)
    if (known.key == key) known.key = {};
  return true;
}

void TaskValues::forget(std::string_view key) noexcept {
  if (!delta.removed.empty()) std::erase(delta.removed, key);
  for (auto& known : decoded)
    if (known.key == key) known.key = {};
}

Context TaskValues::merged() const {
  Context all = given;
  for (auto const& key : delta.removed) all.remove(key);
  for (auto const& [key, value] : delta.set) all.put_shared(key, delta.set.find_shared(key));
  return all;
}

}  // namespace cloacina::detail
