#include "backend/sqlite/prepared.hpp"

#include <sqlite3.h>

#include <cmath>
#include <cstring>
#include <string>

#include "backend/sqlite/statement_text.hpp"

namespace cloacina::backend::sqlite {
namespace {

[[noreturn]] void wrong_count(std::string_view name, std::size_t expected, std::size_t given) {
  throw SessionError(Failure::broken,
                     "statement '" + std::string{name} + "' takes " + std::to_string(expected) +
                         " parameters, " + std::to_string(given) + " were given",
                     "SQLITE_RANGE", std::string{name});
}

/// Resets when the execution ends, also by an exception, so that the statement holds no lock.
struct ResetAtEnd {
  sqlite3_stmt* handle;
  explicit ResetAtEnd(sqlite3_stmt* statement) : handle(statement) {}
  ~ResetAtEnd() { sqlite3_reset(handle); }
  ResetAtEnd(ResetAtEnd const&) = delete;
  ResetAtEnd& operator=(ResetAtEnd const&) = delete;
};

}  // namespace

Prepared::Prepared(sqlite3* connection, Statement const& statement, std::size_t rows)
    : connection_(connection), name_(statement.name) {
  auto const sql = statement_text(statement, rows);
  check(sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle_, nullptr));
  auto const count = static_cast<std::size_t>(sqlite3_bind_parameter_count(handle_));
  for (std::size_t i = 1; i <= count; ++i) {
    int const position = sqlite3_bind_parameter_index(handle_, ("$" + std::to_string(i)).c_str());
    if (position == 0) {
      sqlite3_finalize(handle_);
      throw SessionError(Failure::broken,
                         "statement '" + std::string{name_} + "' has " + std::to_string(count) +
                             " parameters but no $" + std::to_string(i) +
                             "; they are written $1, $2, … without gaps",
                         "SQLITE_RANGE", std::string{name_});
    }
    positions_.push_back(position);
  }
  uuids_.resize(count);
}

Prepared::~Prepared() { sqlite3_finalize(handle_); }

void Prepared::check(int code) const {
  if (code != SQLITE_OK) throw session_error(connection_, code, name_);
}

void Prepared::expect_parameters(std::size_t given) const {
  if (given != positions_.size()) wrong_count(name_, positions_.size(), given);
}

void Prepared::refuse(std::size_t parameter, std::string_view why) const {
  throw SessionError(Failure::data,
                     "statement '" + std::string{name_} + "': $" + std::to_string(parameter + 1) +
                         " " + std::string{why},
                     "SQLITE_MISMATCH", std::string{name_});
}

void Prepared::bind(std::size_t parameter, Value const& value) {
  int const position = positions_[parameter];
  switch (value.index()) {
    case 0:
      return check(sqlite3_bind_null(handle_, position));
    case 1:
      return check(sqlite3_bind_int64(handle_, position, *std::get_if<std::int64_t>(&value)));
    case 2: {
      double const real = *std::get_if<double>(&value);
      if (std::isnan(real))
        refuse(parameter, "is NaN, which SQLite would store as NULL; expected a number");
      return check(sqlite3_bind_double(handle_, position, real));
    }
    case 3: {
      auto text = *std::get_if<std::string_view>(&value);
      if (text.data() == nullptr) text = "";  // a null pointer would be bound as NULL
      if (std::memchr(text.data(), '\0', text.size()) != nullptr)
        refuse(parameter,
               "holds a NUL byte; expected text without one: encode it, for example as JSON");
      return check(sqlite3_bind_text64(handle_, position, text.data(), text.size(), SQLITE_STATIC,
                                       SQLITE_UTF8));
    }
    case 4: {
      uuids_[parameter] = std::get_if<ExecutionId>(&value)->bytes();
      return check(
          sqlite3_bind_blob(handle_, position, uuids_[parameter].data(), 16, SQLITE_STATIC));
    }
    case 5: {
      auto const since_epoch = std::get_if<Instant>(&value)->time_since_epoch().count();
      return check(sqlite3_bind_int64(handle_, position, since_epoch));
    }
    default:
      throw SessionError(Failure::broken,
                         "statement '" + std::string{name_} + "' is given an array as $" +
                             std::to_string(parameter + 1) + "; SQLite has none",
                         "SQLITE_MISUSE", std::string{name_});
  }
}

bool Prepared::step(During during) {
  int const code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) throw session_error(connection_, code, name_, during);
  return false;
}

void Prepared::execute(During during) {
  ResetAtEnd const reset{handle_};
  while (step(during)) {}
}

Rows Prepared::collect() {
  ResetAtEnd const reset{handle_};
  int const columns = sqlite3_column_count(handle_);
  std::vector<Rows::Cell> cells;
  while (step())
    for (int column = 0; column < columns; ++column) cells.push_back(cell(column));
  return Rows{static_cast<std::size_t>(columns), std::move(cells)};
}

Rows::Cell Prepared::cell(int column) const {
  switch (sqlite3_column_type(handle_, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(handle_, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(handle_, column);
    case SQLITE_NULL:
      return nullptr;
    default: {
      auto const* bytes = static_cast<char const*>(sqlite3_column_blob(handle_, column));
      auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
      return bytes == nullptr ? std::string{} : std::string{bytes, size};
    }
  }
}

}  // namespace cloacina::backend::sqlite
