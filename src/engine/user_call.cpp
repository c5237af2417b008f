#include "engine/user_call.hpp"

#include <cxxabi.h>

#include <deque>
#include <iterator>
#include <mutex>
#include <string>
#include <utility>

#include "engine/log.hpp"
#include "engine/start_thread.hpp"

namespace cloacina::engine {
namespace {

/// Of the whole process, and never destroyed: its threads are detached.
struct Aside {
  // One that does not return must not hold up all others.
  static constexpr std::size_t most_threads = 4;

  std::mutex mutex;
  std::deque<std::function<void()>> waiting;
  std::size_t threads = 0;

  static Aside& instance() {
    static Aside& aside = *new Aside;
    return aside;
  }

  void work() {
    std::unique_lock lock{mutex};
    while (!waiting.empty()) {
      auto const handler = std::exchange(waiting.front(), nullptr);
      waiting.pop_front();
      lock.unlock();
      call_user(handler, "a handler");
      lock.lock();
    }
    --threads;
  }
};

}  // namespace

void call_user(std::function<void()> const& call, std::string_view what) {
  try {
    call();
  } catch (abi::__forced_unwind const&) {
    throw;  // it ends its thread: swallowing that would end the process
  } catch (std::exception const& error) {
    log_warning("cloacina: " + std::string{what} + " threw: " + error.what());
  } catch (...) {
    log_warning("cloacina: " + std::string{what} + " threw something that is not an exception");
  }
}

void call_aside(std::vector<std::function<void()>> handlers) {
  if (handlers.empty()) return;
  auto& aside = Aside::instance();
  std::lock_guard lock{aside.mutex};
  aside.waiting.insert(aside.waiting.end(), std::make_move_iterator(handlers.begin()),
                       std::make_move_iterator(handlers.end()));
  if (aside.threads == Aside::most_threads) return;
  if (auto thread = start_thread([&aside] { aside.work(); })) {
    ++aside.threads;
    thread->detach();
  }
}

}  // namespace cloacina::engine
