#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cloacina::fuzz {

/// What is done with each input; a violation aborts. Only errors of the library may be thrown.
using Target = void (*)(std::string_view input);

void try_url(std::string_view input);
void try_context(std::string_view input);
void try_rule(std::string_view input);
void try_identifier(std::string_view input);
void try_row(std::string_view input);  ///< see rows.cpp
void try_duration(std::string_view input);
void try_cron(std::string_view input);  ///< an instant of 8 bytes, the number of a zone, the text
void try_zone(std::string_view input);  ///< the same instant, the bytes of a zone file

[[nodiscard]] std::map<std::string, Target> const& targets();

/// Says what does not hold, and aborts, so that the input is kept.
void expect(bool holds, std::string_view what);

/// Runs it; it may be refused, with an error that people can read.
void may_refuse(std::function<void()> const& call);

}  // namespace cloacina::fuzz
