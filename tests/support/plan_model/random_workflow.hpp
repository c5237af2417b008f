// Random workflows and random behaviour of their bodies, drawn from one seed.
#pragma once

#include <memory>
#include <random>
#include <string>

#include "reference_model.hpp"
#include "test_workflow.hpp"

namespace cloacina::engine::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// 0 … size − 1.
  std::size_t below(std::size_t size) { return static_cast<std::size_t>(engine_() % size); }
  bool percent(std::size_t chance) { return below(100) < chance; }

 private:
  std::mt19937_64 engine_;
};

/// One workflow twice: as the reference sees it and as the engine does.
struct RandomWorkflow {
  model::Workflow model;
  std::shared_ptr<detail::WorkflowData const> workflow;
  std::optional<std::chrono::milliseconds> start_delay;
};

[[nodiscard]] RandomWorkflow random_workflow(Random& random);
[[nodiscard]] Json random_value(Random& random);
[[nodiscard]] model::Changes random_changes(Random& random);
/// The id of task number `index`.
[[nodiscard]] std::string task_id(std::size_t index);

}  // namespace cloacina::engine::test
