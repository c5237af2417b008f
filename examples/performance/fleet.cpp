// One, two and four runner processes on one database; this process only submits.
#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <cloacina/client.hpp>

#include "benchmarks.hpp"
#include "harness/raw.hpp"
#include "harness/runner_process.hpp"
#include "harness/stored.hpp"
#include "workflows.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{60};

template <class Condition>
void wait_until(std::string const& what, Condition&& holds) {
  auto const give_up = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() > give_up) throw std::runtime_error{"waited in vain for " + what};
    std::this_thread::sleep_for(1ms);
  }
}

/// Processes that wait for work, and somebody who has some.
class Fleet {
 public:
  Fleet(Place place, std::size_t size) : place_(std::move(place)), client_(place_.url) {
    for (std::size_t i = 0; i < size; ++i)
      runners_.push_back(std::make_unique<RunnerProcess>(place_.url));
    wait_until("the runners", [&] { return client_.runners().size() == size; });
  }

  /// Seconds until all of them have ended.
  [[nodiscard]] double run(std::size_t executions) {
    constexpr std::size_t at_once = 1'000;
    auto const begun = Clock::now();
    for (std::size_t i = 0; i < executions; i += at_once)
      (void)client_.submit_many(ten_tasks.name, std::vector<cloacina::Context>(at_once));
    wait_until("the executions", [&] { return !has_unfinished(place_); });
    return std::chrono::duration<double>(Clock::now() - begun).count();
  }

  /// µs from the return of a submission until its task began, one at a time.
  [[nodiscard]] Samples wake_ups(std::chrono::nanoseconds duration) {
    Samples times;
    for (auto const end = Clock::now() + duration; Clock::now() < end;) {
      auto const id = client_.submit(one_task.name, {});
      auto const submitted = std::chrono::system_clock::now();
      wait_until("the execution", [&] { return !has_unfinished(place_); });
      auto const began = client_.result(id).tasks().front().started.value();
      times.add(std::chrono::duration<double, std::micro>(began - submitted).count());
    }
    return times;
  }

 private:
  Place place_;
  cloacina::Client client_;
  std::vector<std::unique_ptr<RunnerProcess>> runners_;
};

/// Of all cores together, since the machine was started: seconds that were not idle.
double busy_seconds() {
  std::ifstream file{"/proc/stat"};
  std::string word;
  file >> word;
  double busy = 0;
  for (int field = 0; field < 8; ++field) {
    double ticks = 0;
    file >> ticks;
    bool const idle = field == 3 || field == 4;
    if (!idle) busy += ticks;
  }
  return busy / 100;  // USER_HZ
}

struct Throughput {
  Samples tasks_per_second, busy_cores;
};

/// Tables are measured as they are after the last run, with what VACUUM has not removed yet.
void report_cost(Bench& bench, ServerCost const& before, ServerCost const& after,
                 std::size_t executions) {
  auto const tasks = static_cast<double>(executions * ten_tasks.tasks);
  auto const add = [&bench](std::string figure, std::string unit, double value) {
    Samples samples;
    samples.add(value);
    bench.report.add({.name = "fleet",
                      .figure = std::move(figure),
                      .unit = std::move(unit),
                      .samples = std::move(samples)});
  };
  add("log of the server, a task", "bytes", (after.wal_bytes - before.wal_bytes) / tasks);
  add("tables, a task", "bytes", after.table_bytes / tasks);
  add("indexes, a task", "bytes", after.index_bytes / tasks);
  add("updates that touch no index", "%", 100 * after.hot_updates / std::max(1.0, after.updates));
  add("sessions of one runner and one submitter", "", after.sessions);
}

Throughput measure(Bench& bench, std::size_t runners) {
  std::size_t const executions = bench.options.quick ? 4'000 : 20'000;
  auto const place = bench.scratch.new_place("fleet");
  Fleet fleet{place, runners};
  auto const before = server_cost(place);
  (void)fleet.run(executions / 4);
  Throughput found;
  for (int i = 0; i < bench.options.samples(); ++i) {
    auto const busy = busy_seconds();
    auto const seconds = fleet.run(executions);
    found.tasks_per_second.add(static_cast<double>(executions * ten_tasks.tasks) / seconds);
    found.busy_cores.add((busy_seconds() - busy) / seconds);
  }
  auto const all = executions / 4 + executions * static_cast<std::size_t>(bench.options.samples());
  if (runners == 1) report_cost(bench, before, server_cost(place), all);
  return found;
}

void throughput_of_processes(Bench& bench) {
  // With more of them busy, twice as much of anything cannot be had.
  double const cores = std::thread::hardware_concurrency();
  double const leaves_room = cores / 1.5;
  std::optional<Throughput> one;
  for (std::size_t const runners : {1U, 2U, 4U}) {
    auto found = measure(bench, runners);
    auto const what = std::to_string(runners) + (runners == 1 ? " process" : " processes");
    Figure figure{
        .name = "fleet", .figure = what, .unit = "tasks/s", .samples = found.tasks_per_second};
    if (one) {
      figure.raw_limit = one->tasks_per_second.median();
      figure.ratio = found.tasks_per_second.median() / one->tasks_per_second.median();
    }
    if (runners == 2) {
      figure.bar = "≥ 1.5 × one, if one leaves the cores for it";
      if (one->busy_cores.median() <= leaves_room) figure.met = *figure.ratio >= 1.5;
    }
    bench.report.add(std::move(figure));
    bench.report.add({.name = "fleet",
                      .figure = what + ", of " + readable(cores) + " cores, the server's too",
                      .unit = "busy",
                      .samples = found.busy_cores});
    if (!one) one = std::move(found);
  }
}

void wake_up(Bench& bench) {
  auto const raw = RawLoop::make(bench.scratch.new_place("raw"));
  Fleet fleet{bench.scratch.new_place("wake_up"), 1};
  (void)fleet.wake_ups(bench.options.sample_time() / 2);
  Samples p50, beyond_commit;
  for (int i = 0; i < bench.options.samples(); ++i) {
    auto const times = fleet.wake_ups(bench.options.sample_time());
    p50.add(times.median());
    beyond_commit.add(times.median() - raw->commit_times(bench.options.sample_time() / 4).median());
  }
  bench.report.add({.name = "fleet",
                    .figure = "from a submission to the body elsewhere, p50",
                    .unit = "µs",
                    .samples = p50});
  // The claim is stored before a body begins.
  bench.report.add({.name = "fleet",
                    .figure = "the same beyond one raw commit",
                    .unit = "µs",
                    .samples = beyond_commit,
                    .bar = "≤ 1 000 µs",
                    .met = beyond_commit.median() <= 1'000});
}

}  // namespace

void fleet(Bench& bench) {
  if (bench.options.server.empty()) return;  // one writer at a time: processes gain nothing
  throughput_of_processes(bench);
  wake_up(bench);
}

}  // namespace bench
