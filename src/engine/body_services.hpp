#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include <cloacina/detail/task_run.hpp>
#include <cloacina/environment.hpp>

#include "engine/body.hpp"
#include "engine/errands.hpp"
#include "engine/inbox.hpp"
#include "engine/stuck.hpp"
#include "engine/watcher.hpp"

namespace cloacina::engine {

/// What the threads that run bodies share. A thread that is left behind keeps its copy.
struct BodyServices {
  using Clock = std::chrono::steady_clock;

  BodySettings settings;
  Environment environment;
  std::shared_ptr<Inbox> inbox;
  std::shared_ptr<detail::Sleeper> sleeper;
  std::shared_ptr<Watcher> watcher;
  std::shared_ptr<Errands> errands;
  std::shared_ptr<std::atomic<std::int64_t>> lease_end;  ///< on Clock (R6)

  [[nodiscard]] bool may_start(Clock::time_point now) const noexcept {
    return now.time_since_epoch().count() < lease_end->load();
  }

  /// Reports an attempt that took longer than it may, and asks its body to stop. Both may run code
  /// of users: a retry condition, stop callbacks.
  void end_overdue(Inbox::Lane& lane, ReadyTask attempt, std::chrono::milliseconds limit,
                   std::function<void()> stop) const {
    struct Report {
      std::shared_ptr<Inbox> inbox;
      Inbox::Lane& lane;
      ReadyTask attempt;
      std::chrono::milliseconds limit;
      std::atomic<bool> answered{false};
      void answer(FinishedTask&& finished) {
        if (!answered.exchange(true)) inbox->push(lane, std::move(finished));
      }
    };
    std::shared_ptr<Report> const report{new Report{inbox, lane, std::move(attempt), limit}};
    errands->post([report] { report->answer(timed_out(report->attempt, report->limit)); },
                  [report] { report->answer(timed_out_for_good(report->attempt, report->limit)); });
    errands->post(std::move(stop));
  }
};

}  // namespace cloacina::engine
