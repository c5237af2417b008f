#pragma once

namespace cloacina::engine {

/// What the calling thread is to the runners of this process, so that a call that would wait for
/// itself is refused.
class ThreadRole {
 public:
  enum Kind : unsigned char { caller, worker, callback, io, observer, engine };

  explicit ThreadRole(Kind kind) noexcept : before_(current_) { current_ = kind; }
  ~ThreadRole() { current_ = before_; }
  ThreadRole(ThreadRole const&) = delete;
  ThreadRole& operator=(ThreadRole const&) = delete;

  [[nodiscard]] static Kind current() noexcept { return current_; }

 private:
  Kind before_;
  static thread_local Kind current_;
};

}  // namespace cloacina::engine
