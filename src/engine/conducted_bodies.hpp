#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <stop_token>
#include <unordered_map>

#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include "engine/bodies.hpp"
#include "engine/body.hpp"
#include "engine/inbox.hpp"

namespace cloacina::engine {

/// Bodies in a simulation: the conductor decides when each of them runs, all in one thread, on its
/// clock.
class ConductedBodies final : public Bodies {
 public:
  ConductedBodies(BodySettings settings, Environment environment, std::shared_ptr<Inbox> inbox);
  ~ConductedBodies() override;

  void start(std::vector<ReadyTask>&& ready) override;
  void start_beside(ReadyTask&& ready) override;
  void call(std::function<void()> callback) override;
  void stop_execution(ExecutionId id) override;
  void stop_all() override;
  void close() override;
  [[nodiscard]] std::vector<ReadyTask> take_back() override;
  [[nodiscard]] std::size_t without_worker() const override;
  void set_lease_end(std::chrono::nanoseconds monotonic) override;

 private:
  struct Running;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace cloacina::engine
