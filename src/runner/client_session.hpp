#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>

#include <cloacina/environment.hpp>

#include "backend/database.hpp"
#include "runner/log_watch.hpp"

namespace cloacina::detail {

/// The one writer session of those who call from outside the engine, one call at a time, and their
/// patience. Thread-safe.
class ClientSession {
 public:
  ClientSession(backend::Database& database, Environment const& environment)
      : database_(database), environment_(environment) {}

  /// Calls `write(session)` until it returns or the patience is over, then throws what the database
  /// says. It is called again while the database is busy, or when the answer of its commit was
  /// lost, which may have happened: with the same ids that is harmless (R19). If that happened and
  /// no later try was answered, what is thrown says that it may be stored.
  template <class Write>
  auto write(Write&& write) {
    std::lock_guard lock{mutex_};
    bool perhaps_stored = false;
    for (Tries tries{environment_};;) {
      try {
        if (!session_ || session_->broken()) session_ = database_.open_writer();
        auto result = write(*session_);
        tidy_log();
        database_.announce();
        return result;
      } catch (backend::SessionError const& error) {
        if (error.failure() != backend::Failure::again) session_.reset();
        if (error.failure() == backend::Failure::unknown) perhaps_stored = true;
        if (error.failure() == backend::Failure::data) throw;
        if (tries.another()) continue;
        if (perhaps_stored) throw_perhaps_stored(error);
        throw;
      }
    }
  }

  /// Cancels an execution: at once if nobody owns it, else through its owner. Blocks until that is
  /// stored, at most 30 s. Throws `ExecutionNotFound`, `StateError` for one that is final, and
  /// `TimeoutError` if its owner has not heard by then.
  void cancel(ExecutionId id, std::string_view reason);

 private:
  class Tries {
   public:
    explicit Tries(Environment const& environment)
        : environment_(environment), begun_(environment.monotonic()) {}
    /// Waits a little longer each time; false once the patience is over.
    [[nodiscard]] bool another();

   private:
    Environment const& environment_;
    std::chrono::nanoseconds begun_;
    std::chrono::milliseconds pause_{5};
  };
  /// R8: no failure is reported of what may be there.
  [[noreturn]] static void throw_perhaps_stored(backend::SessionError const& last);
  void tidy_log() noexcept;

  backend::Database& database_;
  Environment environment_;
  std::mutex mutex_;
  std::unique_ptr<backend::Session> session_;
  LogWatch log_;
};

}  // namespace cloacina::detail
