#include "dal/transaction.hpp"

#include <array>

#include "core/sabotage.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;

constexpr Statement fence_statement{.name = "fence",
                                    .sqlite = R"sql(
      UPDATE {s}.runners SET commit_seq = $2, lease_until = $3
      WHERE id = $1 AND state = 'alive' AND commit_seq = $2 - 1)sql",
                                    .postgres = R"sql(
      UPDATE {s}.runners
      SET commit_seq = $2, lease_until = clock_timestamp() + $3 * interval '1 microsecond'
      WHERE id = $1 AND state = 'alive' AND commit_seq = $2::bigint - 1)sql"};

// What the kill storm must find out.
constexpr Statement no_fence{.name = "fence",
                             .sqlite = R"sql(
      UPDATE {s}.runners SET commit_seq = $2, lease_until = $3
      WHERE id = $1)sql",
                             .postgres = R"sql(
      UPDATE {s}.runners
      SET commit_seq = $2, lease_until = clock_timestamp() + $3 * interval '1 microsecond'
      WHERE id = $1)sql"};

}  // namespace

bool pass_fence(backend::Database& database, backend::Session& session, Fence const& fence) {
  // Read after the transaction has begun: waiting for the turn must not shorten the lease.
  auto const lease_until = database.lease_now() + fence.lease;
  std::array<backend::Value, 3> const parameters{fence.runner.value,
                                                 static_cast<std::int64_t>(fence.commit_seq),
                                                 std::int64_t{lease_until.count()}};
  static bool const sabotaged = is_sabotaged("no_fence");
  return session.execute(sabotaged ? no_fence : fence_statement, parameters) == 1;
}

Outcome outcome_of_current_error() {
  try {
    throw;
  } catch (backend::SessionError const& error) {
    switch (error.failure()) {
      case backend::Failure::data:
        return Refused{error.sqlstate(), error.what()};
      case backend::Failure::unknown:
        return Unknown{error.what()};
      case backend::Failure::again:
        return Again{error.what(), false};
      case backend::Failure::broken:
        return Again{error.what(), true};
      case backend::Failure::damaged:
        return Damaged{error.what()};
    }
    return Again{error.what(), true};
  } catch (BackendError const& error) {  // a stored row that cannot be read
    return Refused{error.sqlstate(), error.what()};
  } catch (Error const& error) {
    return Refused{"", error.what()};
  }
}

}  // namespace cloacina::dal
