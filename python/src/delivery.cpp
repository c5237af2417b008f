#include "delivery.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include "gil.hpp"

namespace cloaca {
namespace {

struct Delivery {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  pid_t process = ::getpid();
  std::once_flag started;
  std::thread thread;
};

// Never destroyed: answers may come until the process is gone. No lock: a fork may leave one
// behind that nobody opens.
using Place = std::atomic<Delivery*>;
constinit Place answers{nullptr};
constinit Place records{nullptr};

[[nodiscard]] Delivery* of_this_process(Place& place) {
  auto* const known = place.load();
  return known != nullptr && known->process == ::getpid() ? known : nullptr;
}

asio::io_context& started(Place& place) {
  auto* delivering = of_this_process(place);
  if (delivering == nullptr) {
    auto* before = place.load();
    auto made = std::make_unique<Delivery>();
    if (place.compare_exchange_strong(before, made.get()))
      delivering = made.release();
    else
      delivering = before;  // another thread was faster
  }
  std::call_once(delivering->started, [delivering] {
    delivering->thread = std::thread{[delivering] { delivering->context.run(); }};
  });
  return delivering->context;
}

void end(Place& place) {
  auto* const delivering = of_this_process(place);
  if (delivering == nullptr) return;
  delivering->context.stop();
  // It may be on its way into the interpreter, which keeps it from now on.
  if (delivering->thread.joinable()) delivering->thread.detach();
}

}  // namespace

asio::io_context& delivery() { return started(answers); }

asio::io_context& log_delivery() { return started(records); }

void flush_log_delivery() {
  auto* const delivering = of_this_process(records);
  if (delivering == nullptr) return;
  auto const reached = std::make_shared<std::promise<void>>();
  asio::post(delivering->context, [reached] { reached->set_value(); });
  (void)reached->get_future().wait_for(std::chrono::seconds{1});
}

void end_delivery() {
  end(answers);
  end(records);
}

}  // namespace cloaca
