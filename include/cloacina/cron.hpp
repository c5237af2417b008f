#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <cloacina/detail/checked_cron.hpp>
#include <cloacina/detail/task_info.hpp>
#include <cloacina/invocation.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/schedule.hpp>
#include <cloacina/source_location.hpp>
#include <cloacina/task.hpp>

namespace cloacina::detail {

template <class WorkflowType>
CronRegistration cron_registration(Invocation<WorkflowType> const& job, std::string_view expression,
                                   CronOptions options) {
  options.parameters = job.input;
  return {std::string{WorkflowType::name}, std::string{expression}, std::move(options)};
}

/// Declares a schedule before `main`, and takes it back when its library is unloaded.
class CronRegistrar {
 public:
  CronRegistrar(Registry::MakeCron make, SourceLocation where) noexcept
      : ticket_(Registry::global().add_cron(make, where)) {}
  CronRegistrar(CronRegistrar const&) = delete;
  CronRegistrar& operator=(CronRegistrar const&) = delete;
  ~CronRegistrar() { Registry::global().remove(ticket_); }

 private:
  std::uint64_t ticket_;
};

}  // namespace cloacina::detail

/// A schedule: what is to be run, with its inputs; when, as a cron expression that the compiler
/// checks; and the options of `CronOptions`. Every runner that fires schedules registers it when it
/// starts (see `Schedules::register_cron_workflow`); its constructor throws if the zone is not
/// known.
///
///   CLOACINA_CRON(report(region = "north"), "0 9 * * MON-FRI", .timezone = "Europe/Paris");
///
/// Belongs into one source file. What is taken out of a program stays registered in its databases
/// until it is deleted there; a `.name` lets its expression be changed.
#define CLOACINA_CRON(JOB, ...)                                                \
  CLOACINA_DETAIL_CRON_(__COUNTER__, JOB, CLOACINA_DETAIL_HEAD(__VA_ARGS__, ), \
                        CLOACINA_DETAIL_TAIL(__VA_ARGS__, ))
#define CLOACINA_DETAIL_CRON_(...) CLOACINA_DETAIL_CRON(__VA_ARGS__)
#define CLOACINA_DETAIL_CRON(NUMBER, JOB, EXPRESSION, ...)                                   \
  namespace {                                                                                \
  struct cloacina_cron_##NUMBER {                                                            \
    static constexpr ::std::string_view expression = EXPRESSION;                             \
    static ::cloacina::CronRegistration make() {                                             \
      return ::cloacina::detail::cron_registration(JOB, expression,                          \
                                                   ::cloacina::CronOptions{__VA_ARGS__});    \
    }                                                                                        \
  };                                                                                         \
  [[maybe_unused]] constexpr ::cloacina::detail::CheckedCron<cloacina_cron_##NUMBER>         \
      cloacina_cron_checked_##NUMBER{};                                                      \
  [[maybe_unused]] ::cloacina::detail::CronRegistrar const cloacina_cron_registrar_##NUMBER{ \
      &cloacina_cron_##NUMBER::make, ::cloacina::SourceLocation{__FILE__, __LINE__}};        \
  }                                                                                          \
  static_assert(true)
