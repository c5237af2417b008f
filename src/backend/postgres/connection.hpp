#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "backend/postgres/pqxx_compat.hpp"
#include "backend/postgres/settings.hpp"
#include "backend/postgres/text.hpp"
#include "backend/postgres/watchdog.hpp"
#include "backend/session.hpp"

namespace cloacina::backend::postgres {

/// A connection to a server as this library uses one: its settings, time limits and prepared
/// statements. One thread at a time. Once it was lost it stays so.
class Connection {
 public:
  /// Throws what libpqxx throws.
  Connection(Settings const& settings, Watchdog& watchdog, std::chrono::milliseconds longest_call);

  /// Runs SQL without parameters, possibly many statements.
  pqxx::result run(std::string const& sql);
  /// Throws `SessionError` if the number of parameters is not the statement's.
  pqxx::result run(Statement const& statement, std::span<Value const> parameters);
  /// Each column as one array.
  pqxx::result run(Statement const& statement, std::span<Column const> columns);

 private:
  /// A statement in the schema of this connection.
  struct Known {
    std::string text;
    std::string name;  ///< that it is prepared under
    std::size_t parameters = 0;
  };
  /// Of a call: ends it when it takes too long.
  [[nodiscard]] Watchdog::Watch watched() {
    return Watchdog::Watch{watchdog_, connection_.sock(), longest_call_};
  }
  [[nodiscard]] Known& known(Statement const& statement, std::size_t parameters);
  pqxx::result run_with_parameters(Known const& known);

  Settings const& settings_;
  Watchdog& watchdog_;
  std::chrono::milliseconds longest_call_;
  pqxx::connection connection_;
  std::optional<pqxx::nontransaction> transaction_;  // BEGIN and COMMIT are said by the session
  std::unordered_map<Statement const*, Known> statements_;
  Parameters parameters_;
};

/// All rows of a result.
[[nodiscard]] Rows rows_of(pqxx::result const& result);

}  // namespace cloacina::backend::postgres
