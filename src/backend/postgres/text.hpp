#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "backend/session.hpp"

namespace cloacina::backend::postgres {

/// The parameters of one call, as the text that PostgreSQL reads: written one after another into
/// memory that is kept from call to call. One thread.
class Parameters {
 public:
  /// NaN, and text with a NUL byte, are refused as `Failure::data`.
  void set(std::string_view statement, std::span<Value const> values);
  /// Each column as one array.
  void set(std::string_view statement, std::span<Column const> columns);
  /// One pointer for each; NULL is a null pointer. Valid until the next call of `set`.
  [[nodiscard]] std::vector<char const*> const& pointers() const noexcept { return pointers_; }

 private:
  void begin(std::string_view statement);
  void add(Value const& value);
  void add_array(std::span<Value const> values);
  void append(Value const& value, bool in_array);
  void append_text(std::string_view text, bool in_array);
  void finish();
  [[noreturn]] void refuse(std::string_view why, std::string_view sqlstate) const;

  std::string_view statement_;
  std::string text_;
  static constexpr std::size_t null = ~std::size_t{0};
  std::vector<std::size_t> begins_;  // of each parameter in `text_`
  std::vector<char const*> pointers_;
};

/// Appends the time as ISO 8601 in UTC, to the microsecond.
void append_instant(std::string& text, Instant instant);

/// Microseconds since 1970 of a `timestamptz` in PostgreSQL's ISO style; of what is no time of
/// ours (`infinity`, BC) the largest or smallest number. Throws `BackendError` for another style.
[[nodiscard]] std::int64_t instant_from(std::string_view text);

/// The 16 bytes of a UUID that is written with dashes.
[[nodiscard]] std::string uuid_bytes(std::string_view text);

}  // namespace cloacina::backend::postgres
