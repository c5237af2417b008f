#include "delivery.hpp"

#include <unistd.h>

#include <exception>
#include <mutex>
#include <thread>

#include <asio/executor_work_guard.hpp>

#include "gil.hpp"

namespace cloaca {
namespace {

struct Delivery {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  pid_t process = ::getpid();
  std::thread thread{[this] { context.run(); }};
};

std::mutex mutex;
Delivery* delivering = nullptr;  // never destroyed: answers may come until the process is gone

}  // namespace

asio::io_context& delivery() {
  std::lock_guard const lock{mutex};
  if (delivering == nullptr || delivering->process != ::getpid()) delivering = new Delivery;
  return delivering->context;
}

void end_delivery() {
  std::lock_guard const lock{mutex};
  if (delivering == nullptr || delivering->process != ::getpid()) return;
  delivering->context.stop();
  // It may be on its way into the interpreter, which keeps it from now on.
  delivering->thread.detach();
}

}  // namespace cloaca
