// A runner whose bodies never return, shut down: prints how long that took, and for how long of it
// the machine did not let this process run, in milliseconds; and ends.
//   never_returns URL KIND TIMEOUT_MS
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <cloacina/cloacina.hpp>

#include "support/stand_still.hpp"

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

constexpr int bodies = 3;
std::atomic<int> begun{0};

/// Takes only the time that nobody else wants: the shutdown is judged, not the scheduler.
[[noreturn]] void loop() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 19);
  std::atomic<std::uint64_t> turns{0};
  for (;;) ++turns;
}

/// Nobody ever writes into this pipe.
void read_for_ever() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  char nothing = 0;
  while (::read(ends[0], &nothing, 1) != 0) {}
}

/// A lock that nobody gives back.
void wait_for_lock() {
  static std::mutex taken;
  static auto const by_nobody = [] {
    taken.lock();
    return true;
  }();
  (void)by_nobody;
  taken.lock();
}

[[noreturn]] void swallow_requests(TaskContext<>& context) {
  for (;;) {
    try {
      context.sleep_for(1h);
    } catch (...) {
      std::this_thread::sleep_for(5ms);
    }
  }
}

void never_return(std::string const& kind, TaskContext<>& context) {
  ++begun;
  if (kind == "loop") loop();
  if (kind == "read") read_for_ever();
  if (kind == "lock") wait_for_lock();
  if (kind == "deaf") swallow_requests(context);
}

TaskFunction body(std::string const& kind) {
  if (kind == "suspended")
    return [](TaskContext<>&) -> asio::awaitable<void> {
      ++begun;
      asio::steady_timer never{co_await asio::this_coro::executor};
      never.expires_after(1h);
      for (;;) {
        asio::error_code stopped;
        co_await never.async_wait(asio::redirect_error(asio::use_awaitable, stopped));
      }
    };
  if (kind == "blocking_coroutine")
    return [](TaskContext<>&) -> asio::awaitable<void> {
      ++begun;
      read_for_ever();
      co_return;
    };
  return [kind](TaskContext<>& context) { never_return(kind, context); };
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 4) throw std::runtime_error{"usage: never_returns DATABASE KIND TIMEOUT_MS"};
  std::string const kind = arguments[2];
  WorkflowBuilder builder{"never"};
  builder.task("return", {}, body(kind));
  Registry registry;
  registry.add(builder.build());
  auto runner =
      DefaultRunner::builder().database_url(arguments[1]).registry(std::move(registry)).build();
  (void)runner.submit_many("never", std::vector<Context>(bodies));
  // A coroutine that blocks keeps the others from beginning.
  auto const expected = kind == "blocking_coroutine" ? 1 : bodies;
  auto const give_up = std::chrono::steady_clock::now() + 9s;
  while (begun < expected) {
    if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error{"no body began"};
    std::this_thread::sleep_for(1ms);
  }
  test::StandStill const still;
  auto const before = std::chrono::steady_clock::now();
  runner.shutdown(std::chrono::milliseconds{std::atoi(arguments[3])});
  auto const took = std::chrono::steady_clock::now() - before;
  auto const in_ms = [](std::chrono::nanoseconds time) {
    return static_cast<long long>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  std::printf("%lld %lld\n", in_ms(took), in_ms(still.so_far()));
  std::fflush(stdout);
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "never_returns: %s\n", error.what());
  return 4;
}
