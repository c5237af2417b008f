#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>

#include <cloacina/invocation.hpp>
#include <cloacina/refs.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/source_location.hpp>
#include <cloacina/trigger_definition.hpp>
#include <cloacina/trigger_options.hpp>

namespace cloacina::detail {

// Named in the compiler's error.
template <class Trigger, class Workflow>
inline constexpr bool trigger_is_for = false;
template <class Trigger>
inline constexpr bool trigger_has_a_workflow = false;
template <class Trigger>
inline constexpr bool trigger_gives_inputs = false;

template <class Trigger, class Workflow>
constexpr void check_fired() {
  constexpr auto type = Trigger::options.workflow.type;
  if constexpr (type != 0 && type != type_number<Workflow>())
    static_assert(trigger_is_for<Trigger, Workflow>,
                  "a trigger fires its own .workflow, and this is another one");
}

/// What the body of a trigger calls: `fire` and `skip`, checked against its `.workflow`.
template <class Trigger>
class TriggerBase {
 protected:
  /// Nothing was found.
  [[nodiscard]] static TriggerResult skip() { return TriggerResult::skip(); }
  /// One execution without inputs; a template, so that the trigger is complete when it is checked.
  template <class Self = Trigger>
  [[nodiscard]] static TriggerResult fire() {
    if constexpr (Self::options.workflow.takes_inputs)
      static_assert(trigger_gives_inputs<Self>,
                    "the workflow takes inputs: fire(workflow(key = value))");
    return TriggerResult::fire();
  }
  template <class Workflow>
  [[nodiscard]] static TriggerResult fire(Invocation<Workflow> const& job) {
    check_fired<Trigger, Workflow>();
    return TriggerResult::fire(job.input);
  }
  /// Several, in one transaction.
  template <class Workflow>
  [[nodiscard]] static TriggerResult fire(std::vector<Invocation<Workflow>> const& jobs) {
    check_fired<Trigger, Workflow>();
    std::vector<Context> inputs;
    inputs.reserve(jobs.size());
    for (auto const& job : jobs) inputs.push_back(job.input);
    return TriggerResult::fire_all(std::move(inputs));
  }
  /// What the workflow takes is checked when it fires.
  [[nodiscard]] static TriggerResult fire(Context context) {
    return TriggerResult::fire(std::move(context));
  }
};

template <class Trigger>
constexpr bool check_trigger() {
  if constexpr (Trigger::options.workflow.name.empty())
    static_assert(trigger_has_a_workflow<Trigger>, "a trigger needs a .workflow");
  static_assert(Trigger::options.poll_interval.value() >= shortest_poll_interval &&
                    Trigger::options.poll_interval.value() <= longest_duration,
                "poll_interval of a trigger: expected 1ms to 100 years");
  return true;
}

template <class Trigger>
TriggerDefinition make_trigger() {
  TriggerDefinition made;
  made.name = Trigger::name;
  made.workflow = Trigger::options.workflow.name;
  made.poll_interval = Trigger::options.poll_interval;
  made.allow_concurrent = Trigger::options.allow_concurrent;
  if constexpr (std::is_same_v<decltype(&Trigger::poll), TriggerResult (*)(TriggerContext&)>)
    made.poll = &Trigger::poll;
  else
    made.co_poll = &Trigger::poll;
  return made;
}

/// Declares a trigger before `main`, and takes it back when its library is unloaded.
class TriggerRegistrar {
 public:
  TriggerRegistrar(Registry::MakeTrigger make, SourceLocation where) noexcept
      : ticket_(Registry::global().add_deferred_trigger(make, where)) {}
  TriggerRegistrar(TriggerRegistrar const&) = delete;
  TriggerRegistrar& operator=(TriggerRegistrar const&) = delete;
  ~TriggerRegistrar() { Registry::global().remove(ticket_); }

 private:
  std::uint64_t ticket_;
};

}  // namespace cloacina::detail
