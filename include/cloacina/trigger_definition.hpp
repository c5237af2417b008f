#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>

#include <cloacina/context.hpp>
#include <cloacina/duration.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

namespace detail {
struct TaskRun;
}  // namespace detail

/// What a poll has found: nothing, or what the workflow is to be run for. A value. \code
///   if (!order) return cloacina::TriggerResult::skip();
///   return cloacina::TriggerResult::fire({{"order_id", *order}});
/// \endcode
class TriggerResult {
 public:
  [[nodiscard]] static TriggerResult skip() { return TriggerResult{{}}; }
  /// One execution with this input.
  [[nodiscard]] static TriggerResult fire(Context context = {}) {
    std::vector<Context> one;
    one.push_back(std::move(context));
    return TriggerResult{std::move(one)};
  }
  /// An execution with each of these inputs, all in one transaction; none is the same as `skip`. At
  /// most 10 000 of them, and 64 MiB of inputs: more is an error of the poll, which fires nothing.
  [[nodiscard]] static TriggerResult fire_all(std::vector<Context> contexts) {
    return TriggerResult{std::move(contexts)};
  }

  [[nodiscard]] bool is_fire_result() const noexcept { return !contexts_.empty(); }
  [[nodiscard]] bool is_skip_result() const noexcept { return contexts_.empty(); }
  [[nodiscard]] std::vector<Context> const& contexts() const noexcept { return contexts_; }

 private:
  explicit TriggerResult(std::vector<Context> contexts) : contexts_(std::move(contexts)) {}

  std::vector<Context> contexts_;
};

/// What a poll sees. Used by one thread at a time; valid until the poll returns.
class TriggerContext {
 public:
  TriggerContext(detail::TaskRun& run, std::string_view name, Context its_state) noexcept
      : state(std::move(its_state)), run_(&run), name_(name) {}
  TriggerContext(TriggerContext const&) = delete;
  TriggerContext& operator=(TriggerContext const&) = delete;
  ~TriggerContext() = default;

  /// What the trigger keeps from poll to poll, empty at first: how far it has come. Changes are
  /// stored once the poll returns, in the transaction that stores what it fires, so that each file
  /// or row starts one execution. Those of a poll that throws, or times out, are dropped.
  Context state;

  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  /// Stop is requested when the poll times out, and when the runner shuts down.
  [[nodiscard]] std::stop_token stop_token() const noexcept;
  /// When the poll times out; absent: never.
  [[nodiscard]] std::optional<Instant> deadline() const noexcept;
  /// Waits in a coroutine, without a thread. Throws `TaskError` as soon as stop is requested.
  [[nodiscard]] asio::awaitable<void> async_sleep_for(WaitTime duration);

 private:
  detail::TaskRun* run_;
  std::string_view name_;
};

/// A function that is polled, and the workflow that runs when it has found something: what
/// `CLOACINA_TRIGGER` makes, and what a program gives to `DefaultRunner::add_trigger`. \code
///   runner.add_trigger({.name = "new_files",
///                       .workflow = "import_file",
///                       .poll_interval = "500ms",
///                       .poll = [](cloacina::TriggerContext& trigger) { … }});
/// \endcode
struct TriggerDefinition {
  /// 1 to 255 bytes of UTF-8; unique in the database.
  std::string name;
  std::string workflow;
  /// From the begin of a poll to the next, which waits for the end of the one before. 1 ms to 100
  /// years.
  Duration poll_interval = std::chrono::seconds{5};
  /// False: while an execution that it has fired is unfinished, it fires no other one with the same
  /// input. A poll that has changed `state` is for nothing then, so that a later one finds the
  /// same.
  bool allow_concurrent = false;
  /// One of the two is given. This one is called on a thread that is there for the poll, beside
  /// those that `max_concurrent_tasks` counts. What it throws is recorded, and it is polled on.
  ///
  /// One runner polls at a time, and one poll is under way. There are two exceptions. A poll that
  /// exceeds `trigger_poll_timeout` is asked to stop, and others go on beside it; up to four such
  /// are left behind. And after a runner stood still for longer than its lease, its poll may go on
  /// for a moment beside that of the runner which has taken over.
  std::function<TriggerResult(TriggerContext&)> poll{};
  /// The same as a coroutine, on the runner's io thread.
  std::function<asio::awaitable<TriggerResult>(TriggerContext&)> co_poll{};
};

}  // namespace cloacina
