#include "backend/postgres/connection.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "backend/migration.hpp"
#include "core/sabotage.hpp"

namespace cloacina::backend::postgres {
namespace {

using namespace std::chrono_literals;

// A server that ends a call by its own limit, and says so, is better than a socket that is shut.
constexpr auto grace_of_watchdog = 1'000ms;

/// The largest `$n`.
std::size_t parameters_in(std::string_view sql) {
  std::size_t largest = 0;
  for (auto at = sql.find('$'); at != sql.npos; at = sql.find('$', at + 1)) {
    std::size_t number = 0;
    std::from_chars(sql.data() + at + 1, sql.data() + sql.size(), number);
    largest = std::max(largest, number);
  }
  return largest;
}

[[noreturn]] void fault_of_statement(Statement const& statement, std::string const& what) {
  throw SessionError(Failure::broken, "statement '" + std::string{statement.name} + "' " + what,
                     "42P02", std::string{statement.name});
}

/// Whether the session's search_path says whose tables are meant: what the trial pool_poisoning
/// must notice.
bool relies_on_path() {
  static bool const relies = is_sabotaged("session_search_path");
  return relies;
}

enum class Kind : unsigned char { text, integer, real, boolean, uuid, instant };

/// By the numbers that PostgreSQL gave its types once and for all.
Kind kind_of(pqxx::oid type) noexcept {
  switch (type) {
    case 16:
      return Kind::boolean;
    case 20:
    case 21:
    case 23:
      return Kind::integer;
    case 700:
    case 701:
      return Kind::real;
    case 1184:
      return Kind::instant;
    case 2950:
      return Kind::uuid;
    default:
      return Kind::text;
  }
}

template <class Number>
Number number_from(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

double real_from(std::string_view text) {
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return number_from<double>(text);
}

Rows::Cell cell_of(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::integer:
      return number_from<std::int64_t>(text);
    case Kind::real:
      return real_from(text);
    case Kind::boolean:
      return std::int64_t{text == "t"};
    case Kind::uuid:
      return uuid_bytes(text);
    case Kind::instant:
      return instant_from(text);
    case Kind::text:
      break;
  }
  return std::string{text};
}

}  // namespace

Connection::Connection(std::shared_ptr<Settings const> settings, std::shared_ptr<Watchdog> watchdog,
                       std::chrono::milliseconds longest_call)
    : settings_(std::move(settings)),
      watchdog_(std::move(watchdog)),
      longest_call_(longest_call + grace_of_watchdog),
      connection_(settings_->connection) {
  compat::stay_lost(connection_);
  compat::speak_tersely(connection_);
  transaction_.emplace(connection_);
  // Poolers keep DateStyle for each client, and nothing else of what is set here.
  std::string set = "SET DateStyle TO 'ISO'";
  if (settings_->listen) {
    auto const limit = std::to_string(longest_call.count());
    set += "; SET client_min_messages TO warning; SET statement_timeout TO " + limit +
           "; SET idle_in_transaction_session_timeout TO " + limit +
           "; SET default_transaction_isolation TO 'read committed'"
           // Plans are kept, and made while tables are small or new: they must fit the large ones.
           "; SET enable_seqscan TO off; SET jit TO off";
  }
  if (relies_on_path()) set += "; SET search_path TO " + as_identifier(settings_->schema);
  run(set);
}

pqxx::result Connection::run(std::string const& sql) {
  auto const watch = watched();
  return transaction_->exec(sql);
}

pqxx::result Connection::run(Statement const& statement, std::string_view schema,
                             std::span<Value const> parameters) {
  auto const watch = watched();
  auto const& prepared = known(statement, schema, parameters.size());
  parameters_.set(statement.name, parameters);
  return run_with_parameters(prepared);
}

pqxx::result Connection::run(Statement const& statement, std::string_view schema,
                             std::span<Column const> columns) {
  auto const watch = watched();
  auto const& prepared = known(statement, schema, columns.size());
  parameters_.set(statement.name, columns);
  return run_with_parameters(prepared);
}

pqxx::result Connection::run_with_parameters(Known const& known) {
  if (settings_->prepare)
    return compat::run_prepared(*transaction_, known.name, parameters_.pointers());
  return compat::run_once(*transaction_, known.text, parameters_.pointers());
}

Connection::Statements& Connection::of_schema(std::string_view schema) {
  if (std::exchange(forget_, false)) {
    for (auto const& [name, statements] : schemas_)
      for (auto const& [statement, known] : statements)
        if (settings_->prepare) connection_.unprepare(known.name);
    schemas_.clear();
    last_used_ = schemas_.end();
    prepared_ = 0;
  }
  if (last_used_ == schemas_.end() || last_used_->first != schema)
    last_used_ = schemas_.try_emplace(std::string{schema}).first;
  return last_used_->second;
}

Connection::Known& Connection::known(Statement const& statement, std::string_view schema,
                                     std::size_t parameters) {
  auto const [found, is_new] = of_schema(schema).try_emplace(&statement);
  auto& known = found->second;
  if (is_new) {
    auto const sql = statement.postgres.empty() ? statement.sqlite : statement.postgres;
    known.text = in_schema(sql, relies_on_path() ? "" : as_identifier(schema) + ".");
    known.parameters = parameters_in(sql);
    known.name = "c" + std::to_string(++named_);
    ++prepared_;
    if (settings_->prepare) connection_.prepare(known.name, known.text);
  }
  if (known.parameters != parameters)
    fault_of_statement(statement, "takes " + std::to_string(known.parameters) + " parameters, " +
                                      std::to_string(parameters) + " were given");
  return known;
}

Rows rows_of(pqxx::result const& result) {
  auto const columns = static_cast<std::size_t>(result.columns());
  std::vector<Kind> kinds;
  for (std::size_t column = 0; column < columns; ++column)
    kinds.push_back(kind_of(result.column_type(static_cast<pqxx::row_size_type>(column))));
  std::vector<Rows::Cell> cells;
  cells.reserve(static_cast<std::size_t>(result.size()) * columns);
  for (auto const& row : result)
    for (auto const& field : row) {
      auto const kind = kinds[static_cast<std::size_t>(field.num())];
      if (field.is_null()) {
        cells.emplace_back(nullptr);
      } else {
        cells.push_back(cell_of(kind, {field.c_str(), static_cast<std::size_t>(field.size())}));
      }
    }
  return Rows{columns, std::move(cells)};
}

}  // namespace cloacina::backend::postgres
