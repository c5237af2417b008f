#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <cloacina/json.hpp>
#include <cloacina/time.hpp>

#include "gil.hpp"

namespace cloaca {

/// The JSON of a Python value that is to be put under `key`. Raises TypeError naming the key and
/// the type of what JSON cannot hold, ValueError for numbers, texts and depths that cannot be
/// stored.
[[nodiscard]] cloacina::Json to_json(std::string_view key, py::handle value);
[[nodiscard]] py::object to_python(cloacina::Json const& value);

/// The plain values of what says how it is JSON, a dataclass or a pydantic model; None for all
/// else.
[[nodiscard]] py::object plain_form(py::handle value);

/// UTF-8 of a `str`; raises ValueError naming `what` for a lone surrogate, TypeError for no `str`.
[[nodiscard]] std::string_view text_of(std::string_view what, py::handle value);
[[nodiscard]] py::str to_python(std::string_view text);

/// "2026-01-31T12:00:00.123456+00:00"
[[nodiscard]] std::string iso_8601(cloacina::Instant instant);
[[nodiscard]] py::object iso_or_none(std::optional<cloacina::Instant> const& instant);

/// The name of its class, as error messages show it.
[[nodiscard]] std::string type_name(py::handle value);

}  // namespace cloaca
