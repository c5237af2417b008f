#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <cloacina/json.hpp>

namespace cloacina {

/// Levels of arrays and objects that one stored value may have.
inline constexpr std::size_t max_json_depth = 512;

/// Appends compact JSON. Doubles are written so that reading gives the same bits back; the value
/// must be storable
/// (`check_storable`), its text valid UTF-8. Several times faster than `Json::dump`.
void append_json(std::string& out, Json const& value);
/// Appends `text`, valid UTF-8, as a JSON string with its quotation marks.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string to_json_text(Json const& value);

/// Reads JSON text of which nothing may be lost.
///
/// Integers keep their value: one that fits neither into a signed nor into an unsigned 64-bit
/// integer is refused, where nlohmann/json would round it to a double. Of equal keys in one object
/// the last wins, in the place of the first. Throws `ValidationError` that begins with `what`
/// ("context"), with position or path of the fault; also where a value has more levels than
/// `max_json_depth`, not counting the `levels_around` it: 1 for the object that holds the values.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view what,
                              std::size_t levels_around = 1);

}  // namespace cloacina
