#include "backend/postgres/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace cloacina::backend::postgres {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

// A server takes no message beyond 1 GiB, and says so by ending the session.
constexpr std::size_t most_bytes = 1'000'000'000;

// What one call has needed once is not kept for ever.
constexpr std::size_t much = 64u << 20;

void append_uuid(std::string& text, ExecutionId id) {
  std::array<char, 32> hex{};
  auto const write = [&](std::uint64_t half, std::size_t at) {
    for (std::size_t i = 16; i-- > 0; half >>= 4) hex[at + i] = digits[half & 15];
  };
  write(id.high, 0);
  write(id.low, 16);
  text.append(hex.data(), hex.size());
}

template <class Number>
void append_number(std::string& text, Number number) {
  std::array<char, 32> buffer{};
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  text.append(buffer.data(), end);
}

/// Two digits, or as many as `width`.
void append_padded(std::string& text, std::int64_t number, std::size_t width = 2) {
  std::array<char, 20> buffer{};
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  auto const size = static_cast<std::size_t>(end - buffer.data());
  if (size < width) text.append(width - size, '0');
  text.append(buffer.data(), size);
}

[[noreturn]] void refuse_time(std::string_view text) {
  throw BackendError("the server wrote a time as '" + std::string{text} +
                         "'; expected its ISO style: a pooler between must keep DateStyle",
                     "22007");
}

/// Reads the parts of a time one after another.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : whole_(text), rest_(text) {}
  std::int64_t number() {
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || value < 0) refuse_time(whole_);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  bool skip(char sign) {
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::int64_t after(char sign) {
    if (!skip(sign)) refuse_time(whole_);
    return number();
  }
  /// ".12" is 120 000.
  std::int64_t microseconds() {
    if (!skip('.')) return 0;
    auto const before = rest_.size();
    auto value = number();
    for (auto width = before - rest_.size(); width < 6; ++width) value *= 10;
    return value;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view whole_, rest_;
};

int value_of(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

}  // namespace

void append_instant(std::string& text, Instant instant) {
  auto const day = std::chrono::floor<std::chrono::days>(instant);
  std::chrono::year_month_day const date{day};
  std::chrono::hh_mm_ss const time{instant - day};
  int const year = static_cast<int>(date.year());
  append_padded(text, year > 0 ? year : 1 - year, 4);  // there is no year 0
  text += '-';
  append_padded(text, static_cast<unsigned>(date.month()));
  text += '-';
  append_padded(text, static_cast<unsigned>(date.day()));
  text += ' ';
  append_padded(text, time.hours().count());
  text += ':';
  append_padded(text, time.minutes().count());
  text += ':';
  append_padded(text, time.seconds().count());
  text += '.';
  append_padded(text, time.subseconds().count(), 6);
  text += "+00";
  if (year <= 0) text += " BC";
}

std::int64_t instant_from(std::string_view text) {
  if (text == "infinity") return std::numeric_limits<std::int64_t>::max();
  if (text == "-infinity" || text.ends_with("BC")) return std::numeric_limits<std::int64_t>::min();
  TimeReader reader{text};
  auto const year = reader.number();
  auto const month = reader.after('-');
  auto const day = reader.after('-');
  auto const hours = reader.after(' ');
  auto const minutes = reader.after(':');
  auto const seconds = reader.after(':');
  auto const microseconds = reader.microseconds();
  auto const sign = reader.skip('-') ? -1 : reader.skip('+') ? 1 : 0;
  if (sign == 0) refuse_time(text);
  auto offset = reader.number() * 3600;
  if (reader.skip(':')) offset += reader.number() * 60;
  if (reader.skip(':')) offset += reader.number();
  if (!reader.rest().empty()) refuse_time(text);
  auto const days = std::chrono::sys_days{std::chrono::year{static_cast<int>(year)} /
                                          static_cast<int>(month) / static_cast<int>(day)};
  auto const in_day = hours * 3600 + minutes * 60 + seconds - sign * offset;
  return (days.time_since_epoch().count() * 86'400 + in_day) * 1'000'000 + microseconds;
}

std::string uuid_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size();) {
    if (text[i] == '-') {
      ++i;
      continue;
    }
    bytes += static_cast<char>(value_of(text[i]) * 16 + value_of(text[i + 1]));
    i += 2;
  }
  return bytes;
}

void Parameters::begin(std::string_view statement) {
  statement_ = statement;
  if (text_.capacity() > much) text_ = {};
  text_.clear();
  begins_.clear();
  pointers_.clear();
}

// Only now: the text has moved while it grew.
void Parameters::finish() {
  if (text_.size() > most_bytes) {
    auto const size = std::to_string(text_.size());
    text_ = {};
    refuse("is of " + size + " bytes as PostgreSQL reads it; expected less than 1 GB", "54000");
  }
  for (auto const at : begins_) pointers_.push_back(at == null ? nullptr : text_.data() + at);
}

void Parameters::set(std::string_view statement, std::span<Value const> values) {
  begin(statement);
  for (auto const& value : values) add(value);
  finish();
}

void Parameters::set(std::string_view statement, std::span<Column const> columns) {
  begin(statement);
  for (auto const& column : columns) add_array(column);
  finish();
}

void Parameters::add(Value const& value) {
  if (auto const* array = std::get_if<Array const*>(&value)) return add_array((*array)->values);
  if (std::holds_alternative<std::nullptr_t>(value)) return begins_.push_back(null);
  begins_.push_back(text_.size());
  append(value, false);
  text_ += '\0';
}

void Parameters::add_array(std::span<Value const> values) {
  begins_.push_back(text_.size());
  text_ += '{';
  bool first = true;
  for (auto const& value : values) {
    if (!std::exchange(first, false)) text_ += ',';
    append(value, true);
  }
  text_ += '}';
  text_ += '\0';
}

void Parameters::append(Value const& value, bool in_array) {
  switch (value.index()) {
    case 0:
      text_ += "NULL";
      return;
    case 1:
      return append_number(text_, *std::get_if<std::int64_t>(&value));
    case 2: {
      double const real = *std::get_if<double>(&value);
      if (std::isnan(real)) refuse("is NaN; expected a number", "22003");
      if (std::isinf(real)) {
        text_ += real > 0 ? "Infinity" : "-Infinity";
        return;
      }
      return append_number(text_, real + 0.0);  // minus zero is zero
    }
    case 3:
      return append_text(*std::get_if<std::string_view>(&value), in_array);
    case 4:
      return append_uuid(text_, *std::get_if<ExecutionId>(&value));
    case 5:
      if (in_array) text_ += '"';
      append_instant(text_, *std::get_if<Instant>(&value));
      if (in_array) text_ += '"';
      return;
    default:
      refuse("is an array in an array; expected one value", "42804");
  }
}

void Parameters::append_text(std::string_view text, bool in_array) {
  if (text.find('\0') != std::string_view::npos)
    refuse("holds a NUL byte; expected text without one: encode it, for example as JSON", "22021");
  if (!in_array) {
    text_ += text;
    return;
  }
  text_ += '"';
  for (std::size_t from = 0;;) {
    auto const stop = text.find_first_of("\"\\", from);
    text_ += text.substr(from, stop - from);
    if (stop == std::string_view::npos) break;
    text_ += '\\';
    text_ += text[stop];
    from = stop + 1;
  }
  text_ += '"';
}

void Parameters::refuse(std::string_view why, std::string_view sqlstate) const {
  throw SessionError(Failure::data,
                     "statement '" + std::string{statement_} + "': $" +
                         std::to_string(begins_.size()) + " " + std::string{why},
                     std::string{sqlstate}, std::string{statement_});
}

}  // namespace cloacina::backend::postgres
