#include "reference_model.hpp"

#include <algorithm>
#include <set>

namespace cloacina::model {
namespace {

bool is_final(Fate fate) { return fate != Fate::not_started && fate != Fate::active; }
bool is_skipped(Fate fate) { return fate == Fate::skipped || fate == Fate::skipped_by_failure; }

bool names_failure_of(std::size_t task, Rule const& rule) {
  if (rule.kind == Rule::Kind::failed && rule.task == task) return true;
  return std::any_of(rule.parts.begin(), rule.parts.end(),
                     [&](Rule const& part) { return names_failure_of(task, part); });
}

/// Of JSON values; the order of keys means nothing.
bool equal(Json const& a, Json const& b) {
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() &&
           std::all_of(a.items().begin(), a.items().end(), [&](auto const& item) {
             return b.contains(item.key()) && equal(item.value(), b[item.key()]);
           });
  }
  if (a.is_array() && b.is_array())
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
  return a == b;
}

bool has_element(Json const& array, Json const& wanted) {
  return std::any_of(array.begin(), array.end(),
                     [&](Json const& element) { return equal(element, wanted); });
}

/// Two concurrent writes of one key; nothing stands for a removal.
std::optional<Json> fold(std::optional<Json> const& first, std::optional<Json> const& second) {
  if (!first || !second) return second;
  if (equal(*first, *second)) return first;
  if (first->is_object() && second->is_object()) {
    Json both = *first;
    for (auto const& [key, value] : second->items()) {
      both[key] = both.contains(key) ? *fold(both[key], value) : value;
    }
    return both;
  }
  if (first->is_array() && second->is_array()) {
    Json both = *first;
    for (Json const& element : *second) {
      if (!has_element(*first, element)) both.push_back(element);
    }
    return both;
  }
  return second;
}

bool contains(Json const& whole, Json const& part) {
  if (whole.is_string() && part.is_string()) {
    return whole.get<std::string>().find(part.get<std::string>()) != std::string::npos;
  }
  if (whole.is_array()) return has_element(whole, part);
  return whole.is_object() && part.is_string() && whole.contains(part.get<std::string>());
}

}  // namespace

Reference::Reference(Workflow const& workflow, History const& history)
    : workflow_(workflow),
      history_(history),
      fates_(workflow.tasks.size()),
      upstream_(workflow.tasks.size()) {}

Fate Reference::fate(std::size_t task) const {
  Fate const before = history_.begun ? fate_before_the_end(task) : Fate::not_started;
  bool const ended = history_.cancelled || history_.timed_out;
  bool const decided = is_final(before) && (history_.undecided >> task & 1) == 0;
  return ended && !decided ? Fate::cancelled : before;
}

Fate Reference::fate_before_the_end(std::size_t task) const {
  auto& known = fates_[task];
  if (known) return *known;
  known = [&] {
    auto const& definition = workflow_.tasks[task];
    bool upstream_failed = false;
    for (std::size_t const dependency : definition.after) {
      Fate const fate = fate_before_the_end(dependency);
      if (!is_final(fate)) return Fate::not_started;
      if (fate == Fate::failed || fate == Fate::skipped_by_failure) upstream_failed = true;
    }
    if (definition.rule.kind == Rule::Kind::none_failed) {
      if (upstream_failed) return Fate::skipped_by_failure;
    } else if (!holds(definition.rule, task)) {
      return Fate::skipped;
    }
    auto const& attempts = history_.attempts[task];
    if (attempts.empty()) return Fate::active;
    if (attempts.back().succeeded) return Fate::completed;
    bool const again =
        attempts.back().retryable && attempts.size() < std::max(definition.max_attempts, 1u);
    return again ? Fate::active : Fate::failed;
  }();
  return *known;
}

std::uint32_t Reference::failures(std::size_t task) const {
  auto const& attempts = history_.attempts[task];
  return static_cast<std::uint32_t>(std::count_if(
      attempts.begin(), attempts.end(), [](Attempt const& attempt) { return !attempt.succeeded; }));
}

bool Reference::holds(Rule const& rule, std::size_t task) const {
  auto const part_holds = [&](Rule const& part) { return holds(part, task); };
  auto const& parts = rule.parts;
  switch (rule.kind) {
    case Rule::Kind::none_failed:
      return false;  // stands alone, see above
    case Rule::Kind::always:
      return true;
    case Rule::Kind::success:
      return fate_before_the_end(rule.task) == Fate::completed;
    case Rule::Kind::failed:
      return fate_before_the_end(rule.task) == Fate::failed;
    case Rule::Kind::skipped:
      return is_skipped(fate_before_the_end(rule.task));
    case Rule::Kind::value:
      return value_holds(rule, task);
    case Rule::Kind::all:
      return std::all_of(parts.begin(), parts.end(), part_holds);
    case Rule::Kind::any:
      return std::any_of(parts.begin(), parts.end(), part_holds);
    case Rule::Kind::none:
      return std::none_of(parts.begin(), parts.end(), part_holds);
  }
  return false;
}

bool Reference::value_holds(Rule const& rule, std::size_t task) const {
  auto const value = value_of(rule.key, upstream(task));
  bool const same = value && equal(*value, rule.literal);
  bool const numbers = value && value->is_number() && rule.literal.is_number();
  if (rule.op == "Exists") return value.has_value();
  if (rule.op == "NotExists") return !value;
  if (rule.op == "Equals") return same;
  if (rule.op == "NotEquals") return !same;
  if (rule.op == "GreaterThan") return numbers && *value > rule.literal;
  if (rule.op == "LessThan") return numbers && *value < rule.literal;
  bool const inside = value && contains(*value, rule.literal);
  return rule.op == "Contains" ? inside : !inside;
}

Reference::Set Reference::upstream(std::size_t task) const {
  auto& known = upstream_[task];
  if (known) return *known;
  Set all = 0;
  for (std::size_t const dependency : workflow_.tasks[task].after)
    all |= upstream(dependency) | Set{1} << dependency;
  known = all;
  return all;
}

std::optional<Json> Reference::value_of(std::string const& key, Set ancestors) const {
  std::vector<std::size_t> writers;
  for (std::size_t t = 0; t < workflow_.tasks.size(); ++t) {
    if ((ancestors >> t & 1) == 0 || fate_before_the_end(t) != Fate::completed) continue;
    if (history_.attempts[t].back().changes.contains(key)) writers.push_back(t);
  }
  if (writers.empty()) {  // the input is upstream of every task
    auto const from_input = workflow_.input.find(key);
    return from_input == workflow_.input.end() ? std::nullopt : std::optional(from_input->second);
  }
  std::optional<Json> value;
  bool first = true;
  for (std::size_t const writer : writers) {
    bool const replaced = std::any_of(writers.begin(), writers.end(), [&](std::size_t later) {
      return upstream(later) >> writer & 1;
    });
    if (replaced) continue;
    auto const& written = history_.attempts[writer].back().changes.at(key);
    value = first ? written : fold(value, written);
    first = false;
  }
  return value;
}

std::map<std::string, Json> Reference::context_after(Set ancestors) const {
  std::set<std::string> keys;
  for (auto const& [key, value] : workflow_.input) keys.insert(key);
  for (std::size_t t = 0; t < workflow_.tasks.size(); ++t) {
    if (fate_before_the_end(t) != Fate::completed) continue;
    for (auto const& [key, value] : history_.attempts[t].back().changes) keys.insert(key);
  }
  std::map<std::string, Json> context;
  for (auto const& key : keys) {
    if (auto value = value_of(key, ancestors)) context.emplace(key, *std::move(value));
  }
  return context;
}

std::map<std::string, Json> Reference::given(std::size_t task) const {
  return context_after(upstream(task));
}

std::map<std::string, Json> Reference::final_context() const { return context_after(~Set{0}); }

std::vector<std::size_t> Reference::unhandled_failures() const {
  std::vector<std::size_t> unhandled;
  for (std::size_t t = 0; t < workflow_.tasks.size(); ++t) {
    if (fate(t) != Fate::failed) continue;
    bool handled = false;
    for (std::size_t u = 0; u < workflow_.tasks.size(); ++u) {
      if (fate(u) == Fate::completed && names_failure_of(t, workflow_.tasks[u].rule))
        handled = true;
    }
    if (!handled) unhandled.push_back(t);
  }
  return unhandled;
}

End Reference::end() const {
  if (history_.cancelled) return End::cancelled;
  if (history_.timed_out) return End::failed;
  for (std::size_t t = 0; t < workflow_.tasks.size(); ++t) {
    if (!is_final(fate(t))) return End::none;
  }
  return unhandled_failures().empty() ? End::completed : End::failed;
}

}  // namespace cloacina::model
