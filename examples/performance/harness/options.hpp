#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// What the command line asks for.
struct Options {
  std::vector<std::string> names;  ///< benchmarks to run; empty: all
  std::string json_file;           ///< empty: none
  std::string directory;           ///< where databases go; empty: beside the program
  std::string serve;               ///< URL that this process is a runner for, and no benchmark
  std::string server;              ///< URL of a PostgreSQL server instead; empty: SQLite
  bool quick = false;
  bool strict = false;
  bool help = false;
  std::optional<std::size_t>
      iterations;                ///< of simple, pipeline and parallel, instead of 150 and 50 000
  std::size_t concurrency = 32;  ///< their max_concurrent_tasks

  /// How many samples a figure has, and how long one is measured at least.
  [[nodiscard]] int samples() const noexcept { return quick ? 3 : 5; }
  [[nodiscard]] std::chrono::milliseconds sample_time() const noexcept {
    return std::chrono::milliseconds{quick ? 500 : 2'000};
  }
};

/// Throws `std::invalid_argument` naming what is wrong and what there is.
[[nodiscard]] Options parse_options(int argc, char const* const* argv);

inline constexpr char usage[] =
    R"(usage: cloacina_bench [NAME…] [--quick] [--json FILE] [--strict] [--backend B] [--directory DIR] [-i N] [-c N]

  --quick          3 samples of 0.5 s instead of 5 of 2 s, history up to 100 000, 10 s of idling
  --json FILE      writes all figures as a JSON array
  --strict         exit code 1 if a bar is missed
  --directory DIR  where the databases go: the disk that is measured (default: beside the program)
  --backend B      sqlite, or postgres: in schemas of their own on the server of CLOACINA_TEST_POSTGRES_URL
  -i N             workflows at once of simple, pipeline and parallel (default: 150, then 50 000)
  -c N             their max_concurrent_tasks (default: 32)

benchmarks:
)";

}  // namespace bench
