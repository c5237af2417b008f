#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/schedule.hpp>
#include <cloacina/source_location.hpp>
#include <cloacina/trigger_definition.hpp>
#include <cloacina/workflow.hpp>

namespace cloacina {

/// The workflows that a runner can run, by name.
///
/// `CLOACINA_WORKFLOW` adds to `Registry::global()` before `main`; a runner may be given a registry
/// of its own instead, so that tests do not share one. A value: copies are independent.
/// Thread-safe.
class Registry {
 public:
  /// Name → workflow, fixed.
  using Snapshot = std::shared_ptr<std::map<std::string, Workflow, std::less<>> const>;
  /// Makes a workflow when the registry is first asked for it; called once.
  using Make = Workflow (*)();
  using MakeCron = CronRegistration (*)();
  using MakeTrigger = TriggerDefinition (*)();

  Registry();
  Registry(Registry const& other);
  Registry& operator=(Registry const& other);
  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;
  ~Registry();

  /// The one that macros fill; exported once per process.
  [[nodiscard]] static Registry& global() noexcept;

  /// Adds a workflow. A second one of the same name is reported by `snapshot`, naming both places.
  void add(Workflow workflow, SourceLocation where = {});
  /// For registrars: never throws; what goes wrong is kept for `snapshot`. Returns a ticket for
  /// `remove`.
  std::uint64_t add_deferred(std::string_view name, Make make, SourceLocation where) noexcept;
  /// The same for a schedule that runners register when they start.
  std::uint64_t add_cron(MakeCron make, SourceLocation where) noexcept;
  /// The same for a trigger that runners register and poll.
  std::uint64_t add_deferred_trigger(MakeTrigger make, SourceLocation where) noexcept;
  /// Adds a schedule.
  void add_cron(CronRegistration schedule, SourceLocation where = {});
  /// Adds a trigger. A second one of the same name is reported by `triggers`.
  void add_trigger(TriggerDefinition trigger, SourceLocation where = {});
  void remove(std::uint64_t ticket) noexcept;

  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::optional<Workflow> find(std::string_view name) const;
  /// All workflows. Throws one `ValidationError` that lists every failure and every duplicate with
  /// its places.
  [[nodiscard]] Snapshot snapshot() const;

  /// The schedules that were added; those that were declared are made anew. Throws
  /// `ValidationError` naming the place of one that cannot be made.
  [[nodiscard]] std::vector<CronRegistration> crons() const;
  /// The triggers that were added. Throws `ValidationError` naming the places of two of one name.
  [[nodiscard]] std::vector<TriggerDefinition> triggers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "no workflow named 'order_pipline' is registered; did you mean 'order_pipeline'?", or the hint
/// about static libraries where no name is near.
[[nodiscard]] std::string workflow_not_found_message(std::string_view name,
                                                     std::vector<std::string> const& known);

}  // namespace cloacina
