#include "backend/session.hpp"

#include <array>
#include <cstring>

namespace cloacina::backend {
namespace {

using namespace std::chrono_literals;

constexpr Instant first_instant = std::chrono::sys_days{1y / 1 / 1};
constexpr Instant last_instant = std::chrono::sys_days{10'000y / 1 / 1} - 1us;

std::string kind_of(Rows::Cell const& cell) {
  if (auto const* bytes = std::get_if<std::string>(&cell))
    return std::to_string(bytes->size()) + " bytes";
  constexpr std::array<std::string_view, 3> names{"NULL", "an integer", "a real"};
  return std::string{names[cell.index()]};
}

[[noreturn]] void refuse(std::string const& found, std::size_t row, std::size_t column,
                         std::string_view expected) {
  throw BackendError("row " + std::to_string(row) + ", column " + std::to_string(column) +
                         " holds " + found + " where " + std::string{expected} +
                         " was expected; the row was not written by this library, or is damaged",
                     "");
}

}  // namespace

Rows::Cell const& Rows::cell(std::size_t row, std::size_t column) const {
  if (row >= size() || column >= columns_)
    throw BackendError("row " + std::to_string(row) + ", column " + std::to_string(column) +
                           " was asked of a result of " + std::to_string(size()) + " rows and " +
                           std::to_string(columns_) + " columns",
                       "");
  return cells_[row * columns_ + column];
}

bool Rows::is_null(std::size_t row, std::size_t column) const {
  return std::holds_alternative<std::nullptr_t>(cell(row, column));
}

std::int64_t Rows::integer(std::size_t row, std::size_t column) const {
  auto const& value = cell(row, column);
  if (auto const* integer = std::get_if<std::int64_t>(&value)) return *integer;
  refuse(kind_of(value), row, column, "an integer");
}

std::int64_t Rows::integer(std::size_t row, std::size_t column, std::int64_t least,
                           std::int64_t most) const {
  auto const value = integer(row, column);
  if (value < least || value > most)
    refuse(std::to_string(value), row, column,
           "one of " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

std::uint32_t Rows::count(std::size_t row, std::size_t column, std::int64_t least) const {
  return static_cast<std::uint32_t>(integer(row, column, least, 0x7fff'ffff));
}

double Rows::real(std::size_t row, std::size_t column) const {
  auto const& value = cell(row, column);
  if (auto const* real = std::get_if<double>(&value)) return *real;
  refuse(kind_of(value), row, column, "a real");
}

std::string const& Rows::text(std::size_t row, std::size_t column) const {
  auto const& value = cell(row, column);
  if (auto const* text = std::get_if<std::string>(&value)) return *text;
  refuse(kind_of(value), row, column, "text");
}

ExecutionId Rows::uuid(std::size_t row, std::size_t column) const {
  auto const& value = cell(row, column);
  auto const* text = std::get_if<std::string>(&value);
  std::array<std::byte, 16> bytes{};
  if (text == nullptr || text->size() != bytes.size())
    refuse(kind_of(value), row, column, "a UUID of 16 bytes");
  std::memcpy(bytes.data(), text->data(), bytes.size());
  return ExecutionId::from_bytes(bytes);
}

Instant Rows::instant(std::size_t row, std::size_t column) const {
  auto const least = first_instant.time_since_epoch().count();
  auto const most = last_instant.time_since_epoch().count();
  return Instant{std::chrono::microseconds{integer(row, column, least, most)}};
}

std::optional<std::string> Rows::text_or_null(std::size_t row, std::size_t column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}

std::optional<Instant> Rows::instant_or_null(std::size_t row, std::size_t column) const {
  if (is_null(row, column)) return std::nullopt;
  return instant(row, column);
}

std::optional<ExecutionId> Rows::uuid_or_null(std::size_t row, std::size_t column) const {
  if (is_null(row, column)) return std::nullopt;
  return uuid(row, column);
}

Rows Session::write_alone(Statement const& statement, std::span<Value const> parameters) {
  begin();
  try {
    auto rows = query(statement, parameters);
    commit();
    return rows;
  } catch (...) {
    rollback();
    throw;
  }
}

}  // namespace cloacina::backend
