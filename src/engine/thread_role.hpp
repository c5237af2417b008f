#pragma once

namespace cloacina::engine {

/// What the calling thread is to a runner of this process, so that a call that would wait for
/// itself is refused. A thread of one runner is a caller like any other to the rest.
class ThreadRole {
 public:
  enum Kind : unsigned char {
    caller,
    worker,
    callback,
    stop_callback,
    io,
    observer,
    engine,
    helper  ///< another one of the library's, on which only a log sink is a user's
  };

  /// `owner` stands for the runner: the address of its inbox.
  ThreadRole(Kind kind, void const* owner) noexcept : before_(current_) {
    current_ = {kind, owner};
  }
  ~ThreadRole() { current_ = before_; }
  ThreadRole(ThreadRole const&) = delete;
  ThreadRole& operator=(ThreadRole const&) = delete;

  [[nodiscard]] static Kind current(void const* owner) noexcept {
    return current_.owner == owner ? current_.kind : caller;
  }

 private:
  struct Role {
    Kind kind = caller;
    void const* owner = nullptr;
  };
  Role before_;
  static thread_local Role current_;
};

}  // namespace cloacina::engine
