#include <cstdint>
#include <limits>

#include <cloacina/error.hpp>
#include <cloacina/workflow.hpp>

#include "core/json_text.hpp"
#include "core/owned_texts.hpp"
#include "core/workflow_draft.hpp"

namespace cloacina {
namespace {

Json keys_to_json(std::vector<KeyUse> const& keys) {
  Json list = Json::array();
  for (auto const& key : keys) {
    Json item{{"name", key.name}};
    if (key.optional) item["optional"] = true;
    list.push_back(std::move(item));
  }
  return list;
}

Json retry_to_json(RetryPolicy const& policy) {
  Json condition{{"on", to_string(policy.condition.on)}};
  for (auto const& pattern : policy.condition.patterns) condition["patterns"].push_back(pattern);
  if (policy.condition.predicate) condition["predicate"] = true;
  return {{"max_attempts", policy.max_attempts},
          {"initial_delay_ms", policy.initial_delay.count()},
          {"max_delay_ms", policy.max_delay.count()},
          {"backoff", to_string(policy.backoff)},
          {"factor", policy.factor},
          {"multiplier", policy.multiplier},
          {"jitter", policy.jitter},
          {"condition", std::move(condition)}};
}

Json task_to_json(TaskDefinition const& task) {
  Json json{{"id", task.id},
            {"description", task.description},
            {"dependencies", task.dependencies},
            {"reads", keys_to_json(task.reads)},
            {"writes", keys_to_json(task.writes)},
            {"merges", task.merges},
            {"retry", retry_to_json(task.retry)},
            {"rule", task.trigger_rule.to_json()},
            {"priority", task.priority},
            {"execution", to_string(task.execution)},
            {"version", task.version},
            {"body", task.body_hash}};
  if (task.timeout) json["timeout_ms"] = task.timeout->count();
  return json;
}

/// Reads the members of one object, naming the place of what is wrong.
class Reader {
 public:
  Reader(Json const& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) fail("it must be an object");
  }

  [[nodiscard]] Json const* find(char const* name) const {
    auto const at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }
  [[nodiscard]] std::string text(char const* name) const {
    Json const* value = find(name);
    if (value && !value->is_string()) fail(std::string{name} + " must be text");
    return value ? value->get<std::string>() : std::string{};
  }
  [[nodiscard]] bool flag(char const* name, bool otherwise) const {
    Json const* value = find(name);
    if (value && !value->is_boolean()) fail(std::string{name} + " must be true or false");
    return value ? value->get<bool>() : otherwise;
  }
  [[nodiscard]] double number(char const* name, double otherwise) const {
    Json const* value = find(name);
    if (value && !value->is_number()) fail(std::string{name} + " must be a number");
    return value ? value->get<double>() : otherwise;
  }
  template <class Integer>
  [[nodiscard]] Integer integer(char const* name, Integer otherwise) const {
    Json const* value = find(name);
    if (!value) return otherwise;
    using Limits = std::numeric_limits<Integer>;
    bool const fits = value->is_number_unsigned()
                          ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(Limits::max())
                          : value->is_number_integer() &&
                                value->get<std::int64_t>() >= std::int64_t{Limits::min()};
    if (!fits)
      fail(std::string{name} + " must be an integer from " + std::to_string(Limits::min()) +
           " to " + std::to_string(Limits::max()));
    return value->get<Integer>();
  }
  [[nodiscard]] std::optional<std::chrono::milliseconds> milliseconds(char const* name) const {
    if (!find(name)) return std::nullopt;
    return std::chrono::milliseconds{integer<std::int64_t>(name, 0)};
  }
  /// Calls `use` with each element of a list; a list that is not there is empty.
  template <class Use>
  void each(char const* name, Use const& use) const {
    Json const* list = find(name);
    if (!list) return;
    if (!list->is_array()) fail(std::string{name} + " must be a list");
    for (auto const& item : *list) use(item);
  }
  [[nodiscard]] std::vector<std::string> texts(char const* name) const {
    std::vector<std::string> list;
    each(name, [&](Json const& item) {
      if (!item.is_string()) fail(std::string{name} + " must hold text only");
      list.push_back(item.get<std::string>());
    });
    return list;
  }

  [[noreturn]] void fail(std::string const& problem) const {
    throw ValidationError("stored workflow: " + where_ + ": " + problem);
  }
  [[nodiscard]] std::string const& where() const noexcept { return where_; }

 private:
  Json const& object_;
  std::string where_;
};

std::vector<KeyUse> keys_from(Reader const& reader, char const* name) {
  std::vector<KeyUse> keys;
  reader.each(name, [&](Json const& item) {
    Reader const key{item, reader.where() + ", " + name};
    keys.emplace_back(key.text("name"), 0, key.flag("optional", false));
  });
  return keys;
}

RetryPolicy retry_from(Json const& value, std::string const& where,
                       std::vector<std::shared_ptr<void const>>& owned) {
  Reader const reader{value, where};
  RetryPolicy policy;
  policy.max_attempts = reader.integer("max_attempts", policy.max_attempts);
  policy.initial_delay = reader.milliseconds("initial_delay_ms").value_or(policy.initial_delay);
  policy.max_delay = reader.milliseconds("max_delay_ms").value_or(policy.max_delay);
  if (reader.find("backoff")) policy.backoff = backoff_from(reader.text("backoff"));
  policy.factor = reader.number("factor", policy.factor);
  policy.multiplier = reader.number("multiplier", policy.multiplier);
  policy.jitter = reader.flag("jitter", policy.jitter);
  Json const* condition = reader.find("condition");
  if (!condition) return policy;
  Reader const on{*condition, where + ", condition"};
  if (on.find("on")) policy.condition.on = retry_on_from(on.text("on"));
  auto const patterns = on.texts("patterns");
  if (patterns.size() > decltype(policy.condition.patterns)::capacity) on.fail("too many patterns");
  for (auto const& pattern : patterns) policy.condition.patterns.push_back(pattern);
  return own_texts(policy, owned);
}

TaskDefinition task_from(Json const& value, std::size_t number,
                         std::vector<std::shared_ptr<void const>>& owned) {
  Reader const reader{value, "task number " + std::to_string(number)};
  TaskDefinition task;
  task.id = reader.text("id");
  task.description = reader.text("description");
  task.dependencies = reader.texts("dependencies");
  task.reads = keys_from(reader, "reads");
  task.writes = keys_from(reader, "writes");
  task.merges = reader.texts("merges");
  if (Json const* retry = reader.find("retry"))
    task.retry = retry_from(*retry, reader.where() + ", retry", owned);
  if (Json const* rule = reader.find("rule")) task.trigger_rule = TriggerRule::from_json(*rule);
  task.priority = reader.integer<std::int16_t>("priority", 0);
  task.timeout = reader.milliseconds("timeout_ms");
  task.version = reader.integer<std::uint32_t>("version", 1);
  task.body_hash = reader.text("body");
  auto const execution = reader.text("execution");
  if (execution == to_string(ExecutionMode::at_most_once))
    task.execution = ExecutionMode::at_most_once;
  else if (!execution.empty() && execution != to_string(ExecutionMode::at_least_once))
    reader.fail("execution must be at_least_once or at_most_once");
  return task;
}

}  // namespace

std::string Workflow::to_json() const {
  Json tags = Json::object();
  for (auto const& [key, value] : data_->tags) tags[key] = value;
  Json tasks = Json::array();
  for (TaskIndex at : data_->listed) tasks.push_back(task_to_json(data_->tasks[at]));
  Json json{{"name", data_->name},
            {"content_version", data_->version},
            {"description", data_->description},
            {"tags", std::move(tags)},
            {"version", data_->declared_version},
            {"inputs", keys_to_json(data_->inputs)},
            {"tasks", std::move(tasks)}};
  if (data_->timeout) json["timeout_ms"] = data_->timeout->count();
  return to_json_text(json);
}

Workflow Workflow::from_json(std::string_view text) {
  Json const json = parse_json(text, "stored workflow");
  Reader const reader{json, "the whole"};
  WorkflowDraft draft;
  draft.needs_bodies = false;
  draft.name = reader.text("name");
  draft.description = reader.text("description");
  draft.declared_version = reader.integer<std::uint32_t>("version", 1);
  draft.timeout = reader.milliseconds("timeout_ms");
  draft.inputs = keys_from(reader, "inputs");
  if (Json const* tags = reader.find("tags")) {
    if (!tags->is_object()) reader.fail("tags must be an object");
    for (auto const& [key, value] : tags->items()) {
      if (!value.is_string()) reader.fail("tags must hold text only");
      draft.tags.emplace_back(key, value.get<std::string>());
    }
  }
  std::size_t number = 0;
  reader.each("tasks", [&](Json const& task) {
    draft.tasks.push_back(task_from(task, ++number, draft.owned));
  });
  return finish(std::move(draft));
}

}  // namespace cloacina
