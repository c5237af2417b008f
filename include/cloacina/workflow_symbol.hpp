#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include <cloacina/detail/checked_workflow.hpp>
#include <cloacina/detail/make_workflow.hpp>
#include <cloacina/invocation.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/source_location.hpp>
#include <cloacina/task.hpp>
#include <cloacina/workflow_options.hpp>

namespace cloacina {

/// Base of what `CLOACINA_WORKFLOW` declares.
struct WorkflowBase {};

template <class T>
concept WorkflowSymbol = std::derived_from<T, WorkflowBase>;

namespace detail {

template <class Symbol, Caller Who, class... Bindings>
auto invocation(Bindings&&... bindings) {
  if constexpr (check_call<Symbol, Who, typename std::remove_cvref_t<Bindings>::key...>()) {
    Context input;
    (input.put(std::remove_cvref_t<Bindings>::key::name, std::forward<Bindings>(bindings).value()),
     ...);
    return Invocation<Symbol>{std::move(input)};
  } else {
    return Invocation<Symbol>{Context{}};
  }
}

// Its members hide what users call their tasks and keys: the fewer the better.
template <class Symbol>
class CallableWorkflow : public WorkflowBase {
 public:
  /// Gives the inputs, each as `key = value`, in any order; all of them, and no others. Throws
  /// `ValidationError` for a value that cannot be stored.
  template <class... Bindings>
  [[nodiscard]] auto operator()(Bindings&&... bindings) const {
    return invocation<Symbol, Caller::program>(std::forward<Bindings>(bindings)...);
  }

  /// The workflow that runs; made once per process. Throws `ValidationError` for what only run time
  /// can tell, such as a retry policy out of range.
  [[nodiscard]] Workflow const& workflow() const {
    static Workflow const made = make_workflow({Symbol::name, &Symbol::options});
    return made;
  }
};

/// Registers a workflow before `main`, and takes it back when its library is unloaded.
template <class Symbol>
class WorkflowRegistrar {
 public:
  explicit WorkflowRegistrar(SourceLocation where) noexcept
      : ticket_(Registry::global().add_deferred(
            Symbol::name, [] { return Symbol{}.workflow(); }, where)) {}
  WorkflowRegistrar(WorkflowRegistrar const&) = delete;
  WorkflowRegistrar& operator=(WorkflowRegistrar const&) = delete;
  ~WorkflowRegistrar() { Registry::global().remove(ticket_); }

 private:
  std::uint64_t ticket_;
};

}  // namespace detail

/// The inputs of a workflow for a schedule or a trigger, which give some themselves:
/// `scheduled_time`, `schedule_id`, `schedule_timezone` and `schedule_expression`; `trigger_name`
/// and `triggered_at`. Those that the workflow lists need not be given here. \code
///   CLOACINA_CRON(scheduled(close_till, shop = "Paris"), "0 20 * * *");
/// \endcode
template <WorkflowSymbol Symbol, class... Bindings>
[[nodiscard]] auto scheduled(Symbol, Bindings&&... bindings) {
  return detail::invocation<Symbol, detail::Caller::schedule>(std::forward<Bindings>(bindings)...);
}

}  // namespace cloacina

/// Declares a workflow, checks it while it is compiled, and registers it under its name.
///
///   CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id}, .tasks = {extract, summarise});
///   auto result = runner.execute(order_pipeline(order_id = 42));
///
/// The options are those of `WorkflowOptions`. May stand in a header, if its tasks do
/// (`CLOACINA_DECLARE_TASK`). In a library that is loaded at run time it is taken back by
/// `dlclose`; g++ needs -fno-gnu-unique for such a library, or the system never unloads it.
#define CLOACINA_WORKFLOW(...)                                   \
  CLOACINA_DETAIL_WORKFLOW_(CLOACINA_DETAIL_HEAD(__VA_ARGS__, ), \
                            CLOACINA_DETAIL_TAIL(__VA_ARGS__, ))
#define CLOACINA_DETAIL_WORKFLOW_(NAME, ...) CLOACINA_DETAIL_WORKFLOW(NAME, __VA_ARGS__)
#define CLOACINA_DETAIL_WORKFLOW(NAME, ...)                                                      \
  struct NAME##_workflow : ::cloacina::detail::CallableWorkflow<NAME##_workflow> {               \
    static constexpr ::cloacina::WorkflowOptions options{__VA_ARGS__};                           \
    static constexpr ::std::string_view name = #NAME;                                            \
  };                                                                                             \
  [[maybe_unused]] inline constexpr ::cloacina::detail::CheckedWorkflow<NAME##_workflow>::result \
      NAME##_checked{};                                                                          \
  [[maybe_unused]] inline constexpr NAME##_workflow NAME{};                                      \
  [[maybe_unused]] static ::cloacina::detail::WorkflowRegistrar<NAME##_workflow> const           \
      NAME##_registrar {                                                                         \
    ::cloacina::SourceLocation { __FILE__, __LINE__ }                                            \
  }
