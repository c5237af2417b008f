#include "harness/load.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/stored.hpp"
#include "harness/usage.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using Handles = std::deque<cloacina::ExecutionHandle>;
using namespace std::chrono_literals;

void expect_completed(cloacina::ExecutionResult const& result) {
  if (result.status() != cloacina::WorkflowStatus::completed)
    throw std::runtime_error{"execution " + result.id().to_string() + " of " + result.workflow() +
                             " is " + std::string{cloacina::to_string(result.status())} +
                             ", expected Completed: " + result.error()};
}

void submit(Load const& load, std::size_t executions, Handles& handles) {
  for (auto& handle :
       load.runner.submit_many(load.workflow, std::vector<cloacina::Context>(executions)))
    handles.push_back(std::move(handle));
}

/// Waits for the oldest, then takes what has ended behind it.
std::size_t take_ended(Handles& handles) {
  expect_completed(handles.front().wait());
  handles.pop_front();
  std::size_t taken = 1;
  while (!handles.empty()) {
    auto const result = handles.front().wait_for(0ns);
    if (!result) break;
    expect_completed(*result);
    handles.pop_front();
    ++taken;
  }
  return taken;
}

/// Measures what happens between its construction and `finish`.
class Meter {
 public:
  explicit Meter(Load const& load)
      : load_(load),
        commits_(stored_commits(load.place)),
        cpu_(cpu_seconds()),
        start_(Clock::now()) {}

  [[nodiscard]] Clock::duration elapsed() const { return Clock::now() - start_; }
  [[nodiscard]] LoadSample finish(std::uint64_t executions) const {
    LoadSample sample;
    sample.seconds = std::chrono::duration<double>(elapsed()).count();
    sample.cpu_seconds = cpu_seconds() - cpu_;
    sample.executions = executions;
    sample.tasks = executions * load_.tasks_per_execution;
    sample.commits = stored_commits(load_.place) - commits_;
    return sample;
  }

 private:
  Load const& load_;
  std::uint64_t commits_;
  double cpu_;
  Clock::time_point start_;
};

}  // namespace

std::size_t LoadSample::mean_group() const noexcept {
  return static_cast<std::size_t>(
      std::max<std::uint64_t>(1, rows() / std::max<std::uint64_t>(1, commits)));
}

LoadSample Load::keep_in_flight(std::size_t in_flight, std::chrono::nanoseconds duration) {
  Meter const meter{*this};
  Handles handles;
  submit(*this, in_flight, handles);
  std::uint64_t submitted = in_flight;
  while (!handles.empty()) {
    auto const ended = take_ended(handles);
    if (meter.elapsed() >= duration) continue;
    submit(*this, ended, handles);
    submitted += ended;
  }
  return meter.finish(submitted);
}

LoadSample Load::all_at_once(std::size_t executions, std::chrono::nanoseconds duration) {
  Meter const meter{*this};
  std::uint64_t submitted = 0;
  do {
    Handles handles;
    submit(*this, executions, handles);
    submitted += executions;
    while (!handles.empty()) take_ended(handles);
  } while (meter.elapsed() < duration);
  return meter.finish(submitted);
}

void Load::fill(std::uint64_t executions) {
  constexpr std::uint64_t at_once = 2'000;
  Handles handles;
  for (std::uint64_t submitted = 0; submitted < executions || !handles.empty();) {
    auto const more = std::min(at_once - handles.size(), executions - submitted);
    if (more > 0) submit(*this, more, handles);
    submitted += more;
    take_ended(handles);
  }
}

}  // namespace bench
