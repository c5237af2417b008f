#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "stage.hpp"

namespace cloacina::lifecycle {

/// One runner from its construction to its destruction.
class Round {
 public:
  /// `where`: a directory for SQLite files, or the URL of a server.
  Round(std::string const& where, std::uint64_t seed, Totals& totals);
  void run();

 private:
  void play(std::uint64_t seed, int actions);
  void act(std::mt19937_64& dice);
  void use_client(std::mt19937_64& dice);
  void destroy();
  void use_what_is_left();

  std::mt19937_64 dice_;
  Totals& totals_;
  std::string url_;
  std::shared_ptr<Stage> stage_;
};

}  // namespace cloacina::lifecycle
