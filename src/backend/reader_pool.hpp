#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/database.hpp"

namespace cloacina::backend {

/// Reader sessions, opened when they are needed and kept until one of them breaks. Thread-safe; a
/// reader may outlive the database that lent it.
class ReaderPool : public std::enable_shared_from_this<ReaderPool> {
 public:
  using Make = std::function<std::unique_ptr<Session>()>;
  ReaderPool(std::size_t most, Make make) : make_(std::move(make)), most_(most == 0 ? 1 : most) {}

  /// Blocks while all are in use. Throws what opening a connection throws.
  [[nodiscard]] Database::Reader take();

 private:
  void give_back(std::unique_ptr<Session> session) noexcept;

  Make make_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Session>> idle_;
  std::size_t lent_ = 0;
  std::size_t most_;
};

}  // namespace cloacina::backend
