// A hundred thousand cron schedules in one database: registering them, having them, and a thousand
// that are due at one instant.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "benchmarks.hpp"
#include "harness/usage.hpp"

#include <cloacina/runner.hpp>
#include <cloacina/workflow_builder.hpp>

namespace bench {
namespace {

using namespace std::chrono_literals;
using cloacina::CronRegistration;
using cloacina::Instant;

constexpr std::size_t many = 100'000;
constexpr std::size_t due_at_once = 1'000;

/// What bodies see of the clock. Thread-safe.
class Starts {
 public:
  void note() {
    auto const now = std::chrono::system_clock::now();
    std::lock_guard lock{mutex_};
    starts_.push_back(std::chrono::floor<std::chrono::microseconds>(now));
    if (starts_.size() == due_at_once) all_.notify_all();
  }
  /// In milliseconds after `due`, once all have come. Throws if they do not.
  [[nodiscard]] Samples delays(Instant due) {
    std::unique_lock lock{mutex_};
    if (!all_.wait_until(lock, due + 60s, [this] { return starts_.size() == due_at_once; }))
      throw std::runtime_error{"only " + std::to_string(starts_.size()) + " schedules fired"};
    Samples delays;
    for (auto const start : starts_)
      delays.add(std::chrono::duration<double, std::milli>(start - due).count());
    return delays;
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  std::vector<Instant> starts_;
};

cloacina::DefaultRunner make_runner(std::string const& url, Starts& starts) {
  cloacina::Registry registry;
  registry.add(cloacina::WorkflowBuilder{"noted"}
                   .task("only", [&](cloacina::TaskContext<>&) { starts.note(); })
                   .build());
  return cloacina::DefaultRunner::builder().database_url(url).registry(registry).build();
}

/// Each at a minute of its own, half a year from now.
std::vector<CronRegistration> far_away(std::chrono::year_month_day today) {
  auto const month = static_cast<unsigned>((today + std::chrono::months{6}).month());
  std::vector<CronRegistration> schedules;
  for (std::size_t i = 0; i < many; ++i) {
    auto const time = std::to_string(i % 60) + " " + std::to_string(i / 60 % 24) + " " +
                      std::to_string(1 + i / 1'440 % 28) + " " + std::to_string(month) + " *";
    schedules.push_back({"noted", time, {.name = "far " + std::to_string(i)}});
  }
  return schedules;
}

/// All at one second.
std::vector<CronRegistration> due_at(Instant instant) {
  std::chrono::hh_mm_ss const time{std::chrono::floor<std::chrono::seconds>(instant) -
                                   std::chrono::floor<std::chrono::days>(instant)};
  auto const text = std::to_string(time.seconds().count()) + " " +
                    std::to_string(time.minutes().count()) + " " +
                    std::to_string(time.hours().count()) + " * * *";
  std::vector<CronRegistration> schedules;
  for (std::size_t i = 0; i < due_at_once; ++i)
    schedules.push_back({"noted", text, {.name = "due " + std::to_string(i)}});
  return schedules;
}

void add(Bench& bench, std::string figure, std::string unit, Samples samples, std::string bar = {},
         std::optional<bool> met = {}) {
  bench.report.add({.name = "schedules",
                    .figure = std::move(figure),
                    .unit = std::move(unit),
                    .samples = std::move(samples),
                    .bar = std::move(bar),
                    .met = met});
}

}  // namespace

void schedules(Bench& bench) {
  Starts starts;
  auto runner = make_runner(bench.scratch.new_place("schedules").url, starts);
  auto const today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());

  auto const begun = std::chrono::steady_clock::now();
  (void)runner.register_cron_workflows(far_away(today));
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begun;
  Samples rate;
  rate.add(many / took.count());
  add(bench, "registering " + readable(many), "schedules/s", rate);

  auto const duration = bench.options.quick ? 10s : 60s;
  Samples share;
  for (int i = 0; i < bench.options.samples(); ++i)
    share.add(idle_cpu(duration / bench.options.samples()));
  add(bench, "CPU while none is due", "% of a core", share, "≤ 0.2 %", share.median() <= 0.2);

  Instant const due =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + 3s;
  (void)runner.register_cron_workflows(due_at(due));
  Samples p99;
  p99.add(starts.delays(due).quantile(0.99));
  add(bench, "from the instant to the body, p99 of " + readable(due_at_once) + " due at once", "ms",
      p99, "≤ 50 ms", p99.median() <= 50);
}

}  // namespace bench
