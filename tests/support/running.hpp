// What tests of running runners share: a runner on a file of its own, gates instead of sleeps, and
// time limits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <cloacina/runner.hpp>
#include <cloacina/workflow_builder.hpp>

#include "support/scratch_directory.hpp"

namespace cloacina::test {

/// Longer than anything takes on a loaded machine under a sanitizer; a test that waits so long has
/// failed.
inline constexpr std::chrono::seconds patience{60};

/// A gate that threads wait at until the test opens it. Thread-safe.
class Gate {
 public:
  void open() {
    std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  /// Throws when it stays closed.
  void pass() {
    std::unique_lock lock{mutex_};
    ++waiting_;
    changed_.notify_all();
    if (!changed_.wait_for(lock, patience, [this] { return open_; }))
      throw std::runtime_error{"the gate stayed closed"};
  }
  /// Waits until so many threads have come to the gate.
  void wait_for_arrivals(int count) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [&] { return waiting_ >= count; }))
      throw std::runtime_error{"nobody came to the gate"};
  }
  [[nodiscard]] int arrivals() const {
    std::lock_guard lock{mutex_};
    return waiting_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

/// Lines that threads add to. Thread-safe.
class Log {
 public:
  void add(std::string line) {
    std::lock_guard lock{mutex_};
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::lock_guard lock{mutex_};
    return lines_;
  }
  /// Waits for that many lines, and returns them all.
  [[nodiscard]] std::vector<std::string> wait_for(std::size_t count) const {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [&] { return lines_.size() >= count; }))
      throw std::runtime_error{"only " + std::to_string(lines_.size()) + " of " +
                               std::to_string(count) + " lines came"};
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> lines_;
};

inline Registry registry_of(std::vector<Workflow> const& workflows) {
  Registry registry;
  for (auto const& workflow : workflows) registry.add(workflow);
  return registry;
}

/// A runner with these workflows.
inline DefaultRunner start(std::string const& url, std::vector<Workflow> const& workflows,
                           DefaultRunnerConfig config = {},
                           std::shared_ptr<Observer> observer = nullptr) {
  auto builder = DefaultRunner::builder();
  builder.database_url(url)
      .registry(registry_of(workflows))
      .config(std::move(config))
      .observer(std::move(observer));
  return builder.build();
}

/// The result, or a failed test instead of a test that hangs.
template <class Handle>
auto wait(Handle const& handle) {
  auto result = handle.wait_for(patience);
  if (!result) throw std::runtime_error{"execution " + handle.id().to_string() + " did not end"};
  return std::move(*result);
}

/// A workflow of one task.
inline Workflow one_task(std::string name, TaskFunction body, TaskSettings settings = {}) {
  return WorkflowBuilder{std::move(name)}
      .task("only", std::move(settings), std::move(body))
      .build();
}

inline Workflow nothing() {
  return one_task("nothing", [](TaskContext<>&) {});
}

using Clock = std::chrono::steady_clock;

/// How long a call takes.
template <class Call>
Clock::duration time_of(Call&& call) {
  auto const begun = Clock::now();
  call();
  return Clock::now() - begun;
}

}  // namespace cloacina::test
