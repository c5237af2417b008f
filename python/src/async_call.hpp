#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

#include "gil.hpp"

namespace cloaca {

/// One call of an `async def`, between the engine's io thread and the loop's thread: the engine's
/// coroutine waits for the Python one, without a thread.
class AsyncCall : public std::enable_shared_from_this<AsyncCall> {
 public:
  AsyncCall() = default;
  virtual ~AsyncCall() = default;
  AsyncCall(AsyncCall const&) = delete;
  AsyncCall& operator=(AsyncCall const&) = delete;

  // On the loop's thread, with the lock held.

  /// The coroutine to await.
  py::object begin();
  void returned(py::handle value);
  void raised(py::handle exception);
  /// What an engine thread may hold instead of what was raised.
  [[nodiscard]] virtual std::exception_ptr failure_of(py::error_already_set& error) const = 0;

  // On the io thread.

  void wake(asio::any_io_executor executor, asio::steady_timer& timer);
  /// Nobody waits any more.
  void leave() noexcept;
  [[nodiscard]] bool has_ended() const;
  /// Once it has ended.
  [[nodiscard]] std::exception_ptr const& failure() const noexcept { return failure_; }

 private:
  // With the lock held.

  /// What the function is called with, a new reference.
  [[nodiscard]] virtual py::object argument() = 0;
  [[nodiscard]] virtual py::object call(py::handle passed) = 0;
  /// Takes what it has returned; raises for what it must not return.
  virtual void take(py::handle passed, py::handle value) = 0;

  void end();

  Kept passed_;
  std::exception_ptr failure_;

  mutable std::mutex mutex_;  // guards what follows
  std::optional<asio::any_io_executor> executor_;
  asio::steady_timer* timer_ = nullptr;
  bool ended_ = false;
};

/// Has the call awaited on the event loop of this io thread, until its end. Throws its failure. A
/// stop is passed on to the Python coroutine, which ends in its own way.
[[nodiscard]] asio::awaitable<void> end_of(std::shared_ptr<AsyncCall> call, std::stop_token stop);

}  // namespace cloaca
