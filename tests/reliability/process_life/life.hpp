#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <cloacina/cloacina.hpp>

namespace cloacina::life {

/// What a process of this trial is told.
struct Setting {
  std::filesystem::path directory;
  std::string url;
  std::mt19937 dice;

  [[nodiscard]] bool on_server() const { return !url.starts_with("sqlite:"); }
};

/// "steps": three tasks that take a few milliseconds each. Whoever has to know that something runs
/// waits for `begun`.
Registry workflows();
void wait_until_begun(int bodies);
/// With a lease of a second, so that the next process does not wait long.
DefaultRunner make_runner(Setting const& setting, Registry registry = workflows(),
                          std::shared_ptr<Observer> observer = nullptr);
/// Submits "steps", and writes down each execution that was accepted.
std::vector<ExecutionHandle> submit(DefaultRunner& runner, Setting const& setting, int executions);
/// Throws unless all of them complete.
void expect_completed(std::vector<ExecutionHandle> const& handles);
/// Throws with this text unless it holds.
void expect(bool holds, std::string const& otherwise);

// The kinds of processes. Each returns its exit code, or throws, or never returns where it should
// not.
int fork(Setting& setting, std::string const& how);
int end(Setting& setting, std::string const& holder, std::string const& way);
int receive_signals(Setting& setting, std::string const& how);
int load(Setting& setting, std::string const& how, std::string const& plugin);
int mixed(Setting& setting, std::string const& end_of_it, std::string const& plugin);
int finish(Setting& setting);  ///< what the others left

/// Interrupts every thread of the process again and again, until told to stop.
std::thread send_signals(std::atomic<bool> const& stop, std::chrono::microseconds pause = {});
/// Forks again and again, until told to stop.
std::thread keep_forking(std::atomic<bool> const& stop, std::chrono::microseconds pause = {});

/// In a program that was started by one of ours: 1 if it inherited the database.
int look_for_descriptors();

}  // namespace cloacina::life
