#include "causal_reference.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace causal_reference {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random);
}

Json random_value(Random& random, int depth = 0) {
  switch (below(random, depth < 2 ? 7 : 4)) {
    case 0:
      return nullptr;
    case 1:
      return static_cast<std::int64_t>(below(random, 3));
    case 2:
      return below(random, 2) == 0;
    case 3:
      return std::string(1, static_cast<char>('a' + below(random, 3)));
    case 4: {
      auto array = Json::array();
      for (std::size_t i = below(random, 4); i > 0; --i)
        array.push_back(random_value(random, depth + 1));
      return array;
    }
    default: {
      auto object = Json::object();
      for (std::size_t i = below(random, 4); i > 0; --i) {
        object[std::string(1, static_cast<char>('p' + below(random, 4)))] =
            random_value(random, depth + 1);
      }
      return object;
    }
  }
}

Json without_order(Json const& value) {
  if (value.is_array()) {
    auto result = Json::array();
    for (auto const& element : value) result.push_back(without_order(element));
    return result;
  }
  if (!value.is_object()) return value;
  std::map<std::string, Json> sorted;
  for (auto const& [key, member] : value.items()) sorted[key] = without_order(member);
  auto result = Json::object();
  for (auto const& [key, member] : sorted) result[key] = member;
  return result;
}

bool equal(Json const& a, Json const& b) { return without_order(a) == without_order(b); }

Json merged(Json const& first, Json const& second) {
  if (equal(first, second)) return first;
  if (first.is_object() && second.is_object()) {
    auto result = first;
    for (auto const& [key, value] : second.items()) {
      result[key] = first.contains(key) ? merged(first[key], value) : value;
    }
    return result;
  }
  if (first.is_array() && second.is_array()) {
    auto result = first;
    for (auto const& element : second) {
      auto const known =
          std::any_of(first.begin(), first.end(), [&](Json const& f) { return equal(f, element); });
      if (!known) result.push_back(element);
    }
    return result;
  }
  return second;
}

/// Absent stands for a removal, or for nothing at all.
using Effect = std::optional<Json>;

Effect folded(Effect const& first, Effect const& second) {
  return first && second ? merged(*first, *second) : second;
}

std::set<TaskIndex> ancestors_of(Edges const& dependencies, std::vector<TaskIndex> const& direct) {
  std::set<TaskIndex> all;
  for (auto const task : direct) {
    all.insert(task);
    all.merge(ancestors_of(dependencies, dependencies[task]));
  }
  return all;
}

bool is_removed(cloacina::detail::ContextDelta const& delta, std::string const& key) {
  return std::find(delta.removed.begin(), delta.removed.end(), key) != delta.removed.end();
}

Effect effect_at(Run const& run, std::set<TaskIndex> const& ancestors, std::string const& key) {
  std::vector<TaskIndex> writers;  // ascending, hence in topological order
  for (auto const task : ancestors) {
    if (run.deltas[task].set.contains(key) || is_removed(run.deltas[task], key))
      writers.push_back(task);
  }
  if (writers.empty()) {
    auto const* const value = run.input.find(key);
    return value == nullptr ? Effect{} : Effect{*value};
  }
  Effect result;
  bool first = true;
  for (auto const writer : writers) {
    auto const is_overwritten = std::any_of(writers.begin(), writers.end(), [&](TaskIndex other) {
      return ancestors_of(run.dependencies, run.dependencies[other]).contains(writer);
    });
    if (is_overwritten) continue;
    auto const* const value = run.deltas[writer].set.find(key);
    auto const effect = value == nullptr ? Effect{} : Effect{*value};
    result = first ? effect : folded(result, effect);
    first = false;
  }
  return result;
}

std::set<std::string> keys_of(Run const& run) {
  std::set<std::string> keys;
  for (auto const& [key, value] : run.input) keys.insert(key);
  for (auto const& delta : run.deltas) {
    for (auto const& [key, value] : delta.set) keys.insert(key);
  }
  return keys;
}

}  // namespace

Run random_run(Random& random, std::size_t most_tasks) {
  Run run;
  auto const keys = 1 + below(random, 5);
  auto const random_key = [&] { return "k" + std::to_string(below(random, keys)); };
  for (std::size_t i = below(random, 4); i > 0; --i)
    run.input.put(random_key(), random_value(random));
  auto const tasks = 1 + below(random, most_tasks);
  auto const most_dependencies = 1 + below(random, 4);
  for (TaskIndex task = 0; task < tasks; ++task) {
    std::vector<TaskIndex> dependencies;
    for (std::size_t i = below(random, most_dependencies + 1); task > 0 && i > 0; --i) {
      auto const dependency = static_cast<TaskIndex>(below(random, task));
      if (std::find(dependencies.begin(), dependencies.end(), dependency) == dependencies.end()) {
        dependencies.push_back(dependency);
      }
    }
    run.dependencies.push_back(dependencies);
    auto& delta = run.deltas.emplace_back();
    for (std::size_t i = below(random, 4); i > 0; --i) {
      auto const key = random_key();
      if (delta.set.contains(key) || is_removed(delta, key)) continue;
      if (below(random, 4) == 0) {
        delta.removed.push_back(key);
      } else {
        delta.set.put(key, random_value(random));
      }
    }
  }
  return run;
}

Context context_at(Run const& run, std::vector<TaskIndex> const& dependencies) {
  Context context;
  auto const ancestors = ancestors_of(run.dependencies, dependencies);
  for (auto const& key : keys_of(run)) {
    if (auto const effect = effect_at(run, ancestors, key)) context.put(key, *effect);
  }
  return context;
}

bool same(Context const& a, Context const& b) {
  if (a.size() != b.size()) return false;
  for (auto const& [key, value] : a) {
    auto const* const other = b.find(key);
    if (other == nullptr || !equal(value, *other)) return false;
  }
  return true;
}

}  // namespace causal_reference
