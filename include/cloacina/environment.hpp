#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <cloacina/execution_id.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

/// What runs the parts of a runner. Without one, a runner has threads of its own; a simulation
/// gives one object that runs everything in one thread, in an order that it chooses.
class Conductor {
 public:
  enum class Role : unsigned char { worker, io, reader };

  virtual ~Conductor() = default;
  /// Runs `work` later, never inside this call.
  virtual void post(Role role, std::function<void()> work) = 0;
  /// Runs `work` once the monotonic clock has reached `due`.
  virtual void post_at(std::chrono::nanoseconds due, Role role, std::function<void()> work) = 0;
  /// `step` is one turn of an engine: false once it has stopped. `next_due` says when it wants the
  /// next turn if nothing happens before.
  virtual void add_engine(void const* owner, std::function<bool()> step,
                          std::function<std::chrono::nanoseconds()> next_due) = 0;
  virtual void remove_engine(void const* owner) noexcept = 0;
  /// Runs engines and work until `done` holds or `give_up` (monotonic) has passed; returns whether
  /// it holds.
  virtual bool run_until(std::function<bool()> const& done, std::chrono::nanoseconds give_up) = 0;
};

/// Everything that a runner takes from the world around it; a test replaces what it wants to decide
/// itself.
struct Environment {
  std::function<Instant()> now;                         ///< wall clock
  std::function<std::chrono::nanoseconds()> monotonic;  ///< never goes back
  std::function<double()> random;        ///< uniform in [0, 1); called by one thread at a time
  std::function<ExecutionId()> new_id;   ///< thread-safe
  std::shared_ptr<Conductor> conductor;  ///< null: threads

  /// The clocks of this machine, a random seed, UUIDv7 ids, threads.
  [[nodiscard]] static Environment system();
};

}  // namespace cloacina
