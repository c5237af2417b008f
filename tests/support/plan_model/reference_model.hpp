// What semantics.md says, as recursive definitions over the whole history of an execution: slow,
// plain, and written without a look at the engine. It shares no code with it but the JSON type. At
// most 63 tasks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <cloacina/json.hpp>

namespace cloacina::model {

/// A trigger rule as a tree.
struct Rule {
  enum class Kind { none_failed, always, success, failed, skipped, value, all, any, none };

  Kind kind = Kind::none_failed;
  std::size_t task = 0;  ///< of success, failed, skipped
  std::string key{};     ///< of value
  std::string op{};      ///< of value: "Equals", "NotEquals", …
  Json literal{};
  std::vector<Rule> parts{};
};

/// Key → its new value, or nothing if the task removes it.
using Changes = std::map<std::string, std::optional<Json>>;

struct Task {
  std::vector<std::size_t> after;  ///< all smaller than its own index
  Rule rule;
  std::uint32_t max_attempts = 1;
};

/// Tasks stand in topological order.
struct Workflow {
  std::map<std::string, Json> input;
  std::vector<Task> tasks;
};

/// What a body did when it ran.
struct Attempt {
  bool succeeded = false;
  bool retryable = true;  ///< of a failed one
  Changes changes{};      ///< of a succeeded one
};

/// All that was recorded of an execution: its only memory.
struct History {
  std::vector<std::vector<Attempt>> attempts;  ///< per task, oldest first
  bool begun = false;
  bool cancelled = false;
  bool timed_out = false;
  /// Tasks that became possible or not while nobody owned the execution, until its time was over: a
  /// set of bits.
  std::uint64_t undecided = 0;
};

enum class Fate { not_started, active, completed, failed, skipped, skipped_by_failure, cancelled };
enum class End { none, completed, failed, cancelled };

/// The answers for one history.
class Reference {
 public:
  Reference(Workflow const& workflow, History const& history);

  [[nodiscard]] Fate fate(std::size_t task) const;
  [[nodiscard]] std::uint32_t failures(std::size_t task) const;
  /// The context that the task is given, once everything upstream is final.
  [[nodiscard]] std::map<std::string, Json> given(std::size_t task) const;
  [[nodiscard]] std::map<std::string, Json> final_context() const;
  [[nodiscard]] End end() const;
  /// Failed, and nobody handled it.
  [[nodiscard]] std::vector<std::size_t> unhandled_failures() const;

 private:
  using Set = std::uint64_t;

  [[nodiscard]] Fate fate_before_the_end(std::size_t task) const;
  [[nodiscard]] bool holds(Rule const& rule, std::size_t task) const;
  [[nodiscard]] bool value_holds(Rule const& rule, std::size_t task) const;
  [[nodiscard]] Set upstream(std::size_t task) const;
  [[nodiscard]] std::map<std::string, Json> context_after(Set ancestors) const;
  [[nodiscard]] std::optional<Json> value_of(std::string const& key, Set ancestors) const;

  Workflow const& workflow_;
  History const& history_;
  mutable std::vector<std::optional<Fate>> fates_;
  mutable std::vector<std::optional<Set>> upstream_;
};

}  // namespace cloacina::model
