#pragma once

#include <chrono>

#include "backend/database.hpp"

namespace cloacina::detail {

/// Reads with a session of the pool. One that waited there may have been ended by its server: what
/// it says of that, at once, concerns no caller, and the next one is new. A server that does not
/// answer has had the time that a read may take. Nor is it a caller's concern that a server gives
/// way to others, as it may under the isolation that an administrator has chosen.
template <class Read>
auto with_reader(backend::Database& database, Read&& read) {
  constexpr int most_tries = 3;
  constexpr int most_ways_given = 100;
  constexpr std::chrono::seconds at_once{1};
  auto const begun = std::chrono::steady_clock::now();
  for (int tries = 1;; ++tries) {
    try {
      return read(*database.reader());
    } catch (backend::SessionError const& error) {
      bool const gave_way = error.sqlstate() == "40001" || error.sqlstate() == "40P01";
      if (gave_way && tries < most_ways_given) continue;
      if (error.failure() != backend::Failure::broken || !database.is_remote() ||
          tries == most_tries || std::chrono::steady_clock::now() - begun > at_once)
        throw;
    }
  }
}

}  // namespace cloacina::detail
