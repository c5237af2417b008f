#include "runner/checkpointer.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <cloacina/error.hpp>

#include "engine/log.hpp"

namespace cloacina::detail {
namespace {

// About 4 MiB of log with small contexts.
constexpr std::size_t rows_between = 16'384;
// Beyond this the log is emptied even if that means waiting for readers.
constexpr std::uint64_t longest_log = 64u << 20;

}  // namespace

struct Checkpointer::Shared {
  std::shared_ptr<backend::Database> database;
  Environment environment;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t rows = 0;
  bool stop = false;

  void checkpoint() noexcept try {
    if (database->checkpoint(false) > longest_log) database->checkpoint(true);
  } catch (Error const& error) {
    engine::log_warning(std::string{"cloacina: checkpoint: "} + error.what());
  } catch (...) {
    engine::log_warning("cloacina: checkpoint failed");
  }

  void work() {
    std::unique_lock lock{mutex};
    for (;;) {
      changed.wait(lock, [this] { return stop || rows >= rows_between; });
      if (stop) return;
      rows = 0;
      lock.unlock();
      checkpoint();
      lock.lock();
    }
  }
};

Checkpointer::Checkpointer(std::shared_ptr<backend::Database> database,
                           Environment const& environment)
    : shared_(std::make_shared<Shared>()) {
  shared_->database = std::move(database);
  shared_->environment = environment;
  if (!environment.conductor)
    shared_->thread = std::thread{[shared = shared_.get()] { shared->work(); }};
}

Checkpointer::~Checkpointer() {
  {
    std::lock_guard lock{shared_->mutex};
    shared_->stop = true;
  }
  shared_->changed.notify_one();
  if (shared_->thread.joinable()) shared_->thread.join();
}

void Checkpointer::written(std::size_t rows) {
  bool due = false;
  {
    std::lock_guard lock{shared_->mutex};
    shared_->rows += rows;
    due = shared_->rows >= rows_between;
    if (due && shared_->environment.conductor) shared_->rows = 0;
  }
  if (!due) return;
  if (auto const& conductor = shared_->environment.conductor) {
    conductor->post(Conductor::Role::reader, [shared = shared_] { shared->checkpoint(); });
  } else {
    shared_->changed.notify_one();
  }
}

}  // namespace cloacina::detail
