#pragma once

#include <memory>

#include <cloacina/environment.hpp>

#include "backend/database.hpp"

namespace cloacina::detail {

/// Moves what the engine logged into the main file now and then, on a thread of its own, so that a
/// checkpoint is in nobody's latency. Sleeps while nothing is written.
class Checkpointer {
 public:
  /// `owner`: see `engine::ThreadRole`.
  Checkpointer(std::shared_ptr<backend::Database> database, Environment const& environment,
               std::shared_ptr<void const> owner);
  ~Checkpointer();
  Checkpointer(Checkpointer const&) = delete;
  Checkpointer& operator=(Checkpointer const&) = delete;

  /// Looks how long the log has become. Cheap; the engine calls it after each commit.
  void committed();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace cloacina::detail
