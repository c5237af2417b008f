#pragma once

#include <set>
#include <string>
#include <vector>

#include "support/scratch_directory.hpp"

namespace cloacina::test {

/// Every SQL text that SQLite runs in this process while the object lives, from connections opened
/// meanwhile.
class TracedStatements {
 public:
  TracedStatements();
  ~TracedStatements();
  TracedStatements(TracedStatements const&) = delete;
  TracedStatements& operator=(TracedStatements const&) = delete;

  /// Forgets what ran up to now.
  void clear();
  [[nodiscard]] std::set<std::string> texts() const;
};

/// The lines of EXPLAIN QUERY PLAN for the text, on the database at `path`; tables are named
/// without their schema.
[[nodiscard]] std::vector<std::string> plan_of(std::string const& path, std::string const& sql);

}  // namespace cloacina::test
