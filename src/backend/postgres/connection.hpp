#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
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
  Connection(std::shared_ptr<Settings const> settings, std::shared_ptr<Watchdog> watchdog,
             std::chrono::milliseconds longest_call);

  /// Runs SQL without parameters, possibly many statements.
  pqxx::result run(std::string const& sql);
  /// On the tables of a schema. Throws `SessionError` if the number of parameters is not the
  /// statement's.
  pqxx::result run(Statement const& statement, std::string_view schema,
                   std::span<Value const> parameters);
  /// Each column as one array.
  pqxx::result run(Statement const& statement, std::string_view schema,
                   std::span<Column const> columns);

  /// A call has failed so that it is of no more use.
  void lose() noexcept { lost_ = true; }
  [[nodiscard]] bool is_lost() const noexcept { return lost_; }
  /// Whether statements on that schema are prepared, and how many there are.
  [[nodiscard]] bool knows(std::string_view schema) const { return schemas_.contains(schema); }
  [[nodiscard]] std::size_t statements() const noexcept { return prepared_; }
  /// They are forgotten before the next one is prepared.
  void forget_statements() noexcept { forget_ = true; }

 private:
  /// A statement on the tables of one schema.
  struct Known {
    std::string text;
    std::string name;  ///< that it is prepared under
    std::size_t parameters = 0;
  };
  /// Of a call: ends it when it takes too long.
  [[nodiscard]] Watchdog::Watch watched() {
    return Watchdog::Watch{*watchdog_, connection_.sock(), longest_call_};
  }
  using Statements = std::unordered_map<Statement const*, Known>;
  [[nodiscard]] Statements& of_schema(std::string_view schema);
  [[nodiscard]] Known& known(Statement const& statement, std::string_view schema,
                             std::size_t parameters);
  pqxx::result run_with_parameters(Known const& known);

  std::shared_ptr<Settings const> settings_;
  std::shared_ptr<Watchdog> watchdog_;
  std::chrono::milliseconds longest_call_;
  pqxx::connection connection_;
  std::optional<pqxx::nontransaction> transaction_;  // BEGIN and COMMIT are said by the session
  std::map<std::string, Statements, std::less<>> schemas_;
  std::map<std::string, Statements, std::less<>>::iterator last_used_ = schemas_.end();
  std::size_t prepared_ = 0;  // since they were forgotten
  std::size_t named_ = 0;
  bool forget_ = false;
  bool lost_ = false;
  Parameters parameters_;
};

/// All rows of a result.
[[nodiscard]] Rows rows_of(pqxx::result const& result);

}  // namespace cloacina::backend::postgres
