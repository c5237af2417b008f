#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>

#include <cloacina/execution_id.hpp>
#include <cloacina/time.hpp>

#include "backend/database.hpp"
#include "runner/log_watch.hpp"

namespace cloacina::detail {

/// The one writer session of a `Client`, one call at a time, and its patience. Thread-safe.
class ClientSession {
 public:
  explicit ClientSession(backend::Database& database) : database_(database) {}

  /// Calls `write(session, answer_was_lost)` until it returns or the patience is over, then throws
  /// what the database says. It is called again while the database is busy, or when the answer of
  /// its commit was lost, which may have happened: with the same ids that is harmless (R19).
  template <class Write>
  auto write(Write&& write) {
    std::lock_guard lock{mutex_};
    bool answer_was_lost = false;
    for (Tries tries;;) {
      try {
        if (!session_) session_ = database_.open_writer();
        auto result = write(*session_, answer_was_lost);
        tidy_log();
        return result;
      } catch (backend::SessionError const& error) {
        if (error.failure() != backend::Failure::again) session_.reset();
        if (error.failure() == backend::Failure::unknown) answer_was_lost = true;
        if (error.failure() == backend::Failure::data || !tries.another()) throw;
      }
    }
  }

  /// Cancels an execution that nobody owns. Throws `ExecutionNotFound`, or `StateError` for one
  /// that is owned or final.
  void cancel(ExecutionId id, std::string_view reason, Instant now);

 private:
  class Tries {
   public:
    /// Waits a little longer each time; false once the patience is over.
    [[nodiscard]] bool another();

   private:
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    std::chrono::milliseconds pause_{5};
  };
  void tidy_log() noexcept;

  backend::Database& database_;
  std::mutex mutex_;
  std::unique_ptr<backend::Session> session_;
  LogWatch log_;
};

}  // namespace cloacina::detail
