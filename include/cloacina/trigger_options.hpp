#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <cloacina/duration.hpp>
#include <cloacina/refs.hpp>

namespace cloacina {

/// A workflow as `.workflow` of a trigger names it: its symbol, or its name where there is none.
struct WorkflowRef {
  std::string_view name;
  std::uint64_t type = 0;  ///< number of the symbol's type; 0: given by name
  bool takes_inputs = false;

  constexpr WorkflowRef() = default;
  constexpr WorkflowRef(char const* workflow) noexcept : name(workflow) {}  // NOLINT
  template <class Workflow>
  requires requires { Workflow::options.inputs.size(); }
  constexpr WorkflowRef(Workflow) noexcept  // NOLINT: a symbol is a reference to itself
      : name(Workflow::name),
        type(detail::type_number<Workflow>()),
        takes_inputs(Workflow::options.inputs.size() > 0) {}
};

/// What `CLOACINA_TRIGGER` takes by name; see `TriggerDefinition`.
struct TriggerOptions {
  WorkflowRef workflow{};
  Duration poll_interval = std::chrono::seconds{5};
  bool allow_concurrent = false;
  std::string_view name{};  ///< instead of the symbol's
};

namespace detail {

inline constexpr std::chrono::milliseconds shortest_poll_interval{1};

}  // namespace detail
}  // namespace cloacina
