#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <cloacina/cloacina.hpp>

namespace cloacina::lifecycle {

inline std::uint64_t pick(std::mt19937_64& dice, std::uint64_t sides) { return dice() % sides; }

[[noreturn]] inline void violated(char const* what) {
  std::fprintf(stderr, "lifecycle: %s\n", what);
  std::abort();
}

/// What happened in all rounds together, so that no round is taken for torture that was none.
struct Totals {
  std::atomic<std::uint64_t> rounds{0}, submitted{0}, completed{0}, refused{0}, handlers{0},
      observed{0}, nested{0}, from_inside{0}, destroyed_inside{0};
  [[nodiscard]] Json to_json() const;
};

/// What bodies, callbacks, observers and handlers of a round share; outlives all of them.
struct Stage : std::enable_shared_from_this<Stage> {
  explicit Stage(Totals& counted) : totals(counted) {}

  Totals& totals;
  std::mutex mutex;
  std::condition_variable changed;
  std::mt19937_64 inside;                // guarded by `mutex`: for what happens on other threads
  std::shared_ptr<DefaultRunner> one;    // guarded by `mutex`: the runner of this round
  std::vector<ExecutionHandle> handles;  // guarded by `mutex`
  int expected = 0;                      // handlers, guarded by `mutex`
  int called = 0;                        // guarded by `mutex`
  std::atomic<bool> destroyed{false};    // by a thread that is none of its own

  std::shared_ptr<DefaultRunner> runner() {
    std::lock_guard lock{mutex};
    return one;
  }
  std::shared_ptr<DefaultRunner> take_runner() {
    std::lock_guard lock{mutex};
    return std::exchange(one, nullptr);
  }
  std::uint64_t roll(std::uint64_t sides) {
    std::lock_guard lock{mutex};
    return pick(inside, sides);
  }
  std::optional<ExecutionHandle> any_handle() {
    std::lock_guard lock{mutex};
    if (handles.empty()) return std::nullopt;
    return handles[pick(inside, handles.size())];
  }
  void keep(ExecutionHandle handle) {
    std::lock_guard lock{mutex};
    ++totals.submitted;
    if (handles.size() < 50) handles.push_back(std::move(handle));
  }

  /// Whatever is refused must be refused with an error of the library.
  template <class Call>
  void attempt(Call&& call) {
    try {
      call();
    } catch (Error const&) {
      ++totals.refused;
    }
  }

  /// A handler that has to be called exactly once.
  auto handler() {
    {
      std::lock_guard lock{mutex};
      ++expected;
    }
    return [self = shared_from_this(),
            mine = std::make_shared<std::atomic<bool>>(false)](auto const&...) {
      if (mine->exchange(true)) violated("a handler was called twice");
      ++self->totals.handlers;
      if (self->roll(10) == 0) self->meddle();
      std::lock_guard lock{self->mutex};
      ++self->called;
      self->changed.notify_all();
    };
  }

  /// From a body, a callback, an observer or a handler: whatever comes to mind.
  void meddle();
  [[nodiscard]] Registry workflows();
};

}  // namespace cloacina::lifecycle
