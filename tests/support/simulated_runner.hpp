// A runner in a simulation, with its database under the control of the test.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloacina/execution_handle.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/runner_config.hpp>

#include "backend/session.hpp"
#include "runner/machine.hpp"
#include "support/simulation.hpp"

namespace cloacina::test {

struct SimulatedRunnerOptions {
  std::string url = "sqlite::memory:";
  std::string process = "runner";
  DefaultRunnerConfig config{};
  std::function<void(std::string_view point)> fault{};  ///< see `backend::OpenOptions::fault`
  std::shared_ptr<Observer> observer{};
  std::vector<TriggerDefinition> triggers{};
};

/// What `DefaultRunner` is, made from its parts, so that a test may make the database fail.
class SimulatedRunner {
 public:
  SimulatedRunner(Simulation& simulation, std::vector<Workflow> const& workflows,
                  SimulatedRunnerOptions options = {})
      : machine_(std::make_shared<detail::Machine>(
            detail::Machine::Parts{.database_url = options.url,
                                   .config = options.config,
                                   .workflows = registry_of(workflows).snapshot(),
                                   .triggers = std::move(options.triggers),
                                   .environment = simulation.environment(options.process),
                                   .observer = std::move(options.observer),
                                   .fault = std::move(options.fault)})) {}

  /// Stored, or thrown why not.
  ExecutionHandle submit(std::string_view workflow, Context input = {},
                         SubmitOptions const& options = {}) {
    auto pending = begin(workflow, std::move(input), options);
    machine_->wait_accepted(*pending.acceptance);
    return pending.handle;
  }

  struct Pending {
    ExecutionHandle handle;
    std::shared_ptr<engine::Acceptance> acceptance;
  };
  /// Handed over; nothing has happened yet.
  Pending begin(std::string_view workflow, Context input = {}, SubmitOptions const& options = {}) {
    auto submission = machine_->make_submission(workflow, std::move(input), options);
    submission.completion = std::make_shared<engine::Completion>(submission.id);
    submission.acceptance = std::make_shared<engine::Acceptance>(1);
    Pending pending{ExecutionHandle{submission.completion, machine_}, submission.acceptance};
    std::vector<engine::Submission> one;
    one.push_back(std::move(submission));
    machine_->submit(std::move(one));
    return pending;
  }

  ExecutionResult execute(std::string_view workflow, Context input = {},
                          SubmitOptions const& options = {}) {
    return submit(workflow, std::move(input), options).wait();
  }

  [[nodiscard]] detail::Machine& machine() noexcept { return *machine_; }
  void shutdown(WaitTime timeout = std::chrono::seconds{5}) { machine_->shutdown(timeout); }

 private:
  static Registry registry_of(std::vector<Workflow> const& workflows) {
    Registry registry;
    for (auto const& workflow : workflows) registry.add(workflow);
    return registry;
  }

  std::shared_ptr<detail::Machine> machine_;
};

}  // namespace cloacina::test
