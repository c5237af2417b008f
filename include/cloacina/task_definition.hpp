#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/execution_mode.hpp>
#include <cloacina/refs.hpp>
#include <cloacina/retry_policy.hpp>
#include <cloacina/trigger_rule.hpp>

namespace cloacina {

namespace detail {
struct TaskBody;  // detail/task_body.hpp: keeps Asio out of this header
}

/// A context key as a task declares it: by its symbol, or by its name where no type is known.
struct KeyUse {
  std::string name;
  std::uint64_t type = 0;  ///< number of its C++ type; 0: untyped
  bool optional = false;   ///< of a written key: the body may return without writing it

  KeyUse() = default;
  KeyUse(std::string key, std::uint64_t type_number = 0,
         bool is_optional = false)  // NOLINT: a name is a key
      : name(std::move(key)), type(type_number), optional(is_optional) {}
  KeyUse(char const* key) : name(key) {}  // NOLINT
  KeyUse(WriteRef const& key)             // NOLINT
      : name(key.info->name), type(key.info->type), optional(key.optional) {}
  KeyUse(KeyRef const& key) : name(key.info->name), type(key.info->type) {}  // NOLINT
  template <KeySymbol Key>
  KeyUse(Key key) : KeyUse(WriteRef(key)) {}  // NOLINT
  template <KeySymbol Key>
  KeyUse(OptionalKey<Key> key) : KeyUse(WriteRef(key)) {}  // NOLINT

  friend bool operator==(KeyUse const&, KeyUse const&) = default;
};

/// One task of a `Workflow`, as macros and builder leave it: complete, checked and immutable.
struct TaskDefinition {
  std::string id;
  std::string description;
  std::vector<std::string> dependencies;  ///< ids, in the order of `.after`
  std::vector<KeyUse> reads;
  std::vector<KeyUse> writes;
  std::vector<std::string> merges;
  RetryPolicy retry;  ///< `max_attempts` ≥ 1 here; its texts are owned by the workflow
  std::optional<std::chrono::milliseconds> timeout;  ///< absent: the runner's; 0: none
  TriggerRule trigger_rule;
  std::function<void(std::string_view task_id, Context const& context)> on_success;
  std::function<void(std::string_view task_id, std::string_view error, Context const& context)>
      on_failure;
  std::int16_t priority = 0;  ///< among the ready tasks of one runner; higher first
  ExecutionMode execution = ExecutionMode::at_least_once;
  std::uint32_t version = 1;
  std::string body_hash;                         ///< empty: not known
  std::shared_ptr<detail::TaskBody const> body;  ///< null in a workflow that was read from its JSON
};

}  // namespace cloacina
