#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

struct Options {
  bool week = false;
  bool fresh = false;
  std::string database = "sqlite://flights.db";
  std::filesystem::path picture = "flight.md";
  std::filesystem::path data = std::filesystem::path{__FILE__}.parent_path() / "data";
};

inline constexpr auto usage =
    R"(usage: quickstart [--week] [--fresh] [--database URL] [--picture FILE] [--data DIRECTORY]

  --week            all 6104 flights from 4 to 10 February 2013, not only the 930 of the 8th
  --fresh           forget an earlier run: delete its database file
  --database URL    default: sqlite://flights.db, by ./dev quickstart in build/quickstart
  --picture FILE    where the picture of one claim goes; default: flight.md, in the same place
  --data DIRECTORY  where the CSV files are
)";

/// Ends the program on `--help` (0) and on what it does not know (2).
inline Options parse_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    std::string_view const argument = arguments[i];
    bool const has_value = i + 1 < count;
    if (argument == "--week") {
      options.week = true;
    } else if (argument == "--fresh") {
      options.fresh = true;
    } else if (argument == "--database" && has_value) {
      options.database = arguments[++i];
    } else if (argument == "--picture" && has_value) {
      options.picture = arguments[++i];
    } else if (argument == "--data" && has_value) {
      options.data = arguments[++i];
    } else {
      bool const asked = argument == "--help";
      if (!asked)
        std::fprintf(stderr, "quickstart: unknown or incomplete argument '%s'\n", arguments[i]);
      std::fputs(usage, asked ? stdout : stderr);
      std::exit(asked ? 0 : 2);
    }
  }
  return options;
}
