#pragma once

#include <chrono>
#include <mutex>
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
/// statements. One thread at a time, except `interrupt`. Once it was lost it stays so.
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

  /// Makes the call under way end with an error. Any thread.
  void interrupt() noexcept;

 private:
  /// A statement in the schema of this connection.
  struct Known {
    std::string text;
    std::string name;  ///< that it is prepared under
    std::size_t parameters = 0;
  };
  class Call;
  [[nodiscard]] Known& known(Statement const& statement, std::size_t parameters);
  pqxx::result run_with_parameters(Known const& known);

  Settings const& settings_;
  Watchdog& watchdog_;
  std::chrono::milliseconds longest_call_;
  pqxx::connection connection_;
  std::optional<pqxx::nontransaction> transaction_;  // BEGIN and COMMIT are said by the session
  std::unordered_map<Statement const*, Known> statements_;
  Parameters parameters_;
  std::mutex running_mutex_;
  bool running_ = false;
};

/// All rows of a result.
[[nodiscard]] Rows rows_of(pqxx::result const& result);

}  // namespace cloacina::backend::postgres
