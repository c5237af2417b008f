#include "runner/checkpointer.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <cloacina/error.hpp>

#include "engine/log.hpp"
#include "engine/start_thread.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"
#include "runner/log_watch.hpp"

namespace cloacina::detail {
namespace {

// Beyond this the log is emptied even if that means waiting for readers.
constexpr std::uint64_t longest_log = 64u << 20;

}  // namespace

struct Checkpointer::Shared {
  std::shared_ptr<backend::Database> database;
  Environment environment;
  std::shared_ptr<void const> owner;
  std::optional<std::thread> thread;  // started when there is something to do
  LogWatch log;                       // of the engine
  std::uint64_t force_beyond = longest_log;
  std::atomic<bool> almost_done{false};
  std::mutex mutex;
  std::condition_variable changed;
  bool due = false;
  bool stop = false;

  template <class Work>
  static void tolerantly(Work&& work) noexcept {
    try {
      work();
    } catch (std::exception const& error) {
      engine::log_warning(std::string{"cloacina: checkpoint: "} + error.what());
    } catch (...) {
      engine::log_warning("cloacina: checkpoint failed");
    }
  }

  void checkpoint() {
    database->checkpoint(false);
    auto const length = database->checkpoint(false);  // what was written during the first
    if (length > force_beyond) {
      bool const emptied = database->checkpoint(true) == 0;
      // Readers who stay hold writers up each time: less and less often.
      force_beyond = emptied ? longest_log : 2 * length;
    } else {
      almost_done = true;
    }
  }

  // An engine that writes on and on leaves no moment when all is moved, except between two of its
  // transactions: there it moves the last few pages itself, and its next one begins the log again.
  void complete() {
    if (almost_done.exchange(false)) database->checkpoint(false);
  }

  void work() {
    std::unique_lock lock{mutex};
    for (;;) {
      changed.wait(lock, [this] { return stop || due; });
      if (stop) return;
      due = false;
      lock.unlock();
      tolerantly([this] { checkpoint(); });
      lock.lock();
    }
  }
};

Checkpointer::Checkpointer(std::shared_ptr<backend::Database> database,
                           Environment const& environment, std::shared_ptr<void const> owner)
    : shared_(std::make_shared<Shared>()) {
  shared_->database = std::move(database);
  shared_->environment = environment;
  shared_->owner = std::move(owner);
}

Checkpointer::~Checkpointer() {
  {
    std::lock_guard lock{shared_->mutex};
    shared_->stop = true;
  }
  shared_->changed.notify_one();
  if (shared_->thread) shared_->thread->join();
}

void Checkpointer::committed() {
  auto& shared = *shared_;
  if (shared.almost_done.load(std::memory_order_relaxed))
    Shared::tolerantly([&] { shared.complete(); });
  if (!shared.log.due(shared.database->log_bytes())) return;
  if (auto const& conductor = shared.environment.conductor) {
    conductor->post(Conductor::Role::reader,
                    [shared = shared_] { Shared::tolerantly([&] { shared->checkpoint(); }); });
    return;
  }
  {
    std::lock_guard lock{shared.mutex};
    shared.due = true;
  }
  if (!shared.thread)
    shared.thread = engine::start_thread([here = &shared] {
      engine::ThreadRole const role{engine::ThreadRole::helper, here->owner.get()};
      engine::name_thread("cloacina-log");
      here->work();
    });
  shared.changed.notify_one();
}

}  // namespace cloacina::detail
