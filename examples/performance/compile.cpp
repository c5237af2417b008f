// What a workflow of 128 tasks costs the compiler beyond an empty file with the same includes; the
// measuring is done by the tests of what must not compile, in processor time.
#include <sys/wait.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "benchmarks.hpp"

namespace bench {
namespace {

std::string output_of(std::string const& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(command.c_str(), "r"), &pclose};
  if (!pipe) throw std::runtime_error{"cannot start: " + command};
  std::string output;
  char part[4096];
  while (auto const size = std::fread(part, 1, sizeof part, pipe.get())) output.append(part, size);
  int const status = pclose(pipe.release());
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error{"failed: " + command};
  return output;
}

}  // namespace

void compile(Bench& bench) {
  // Processor time varies little, and each round compiles for half a minute.
  auto const rounds = std::to_string(bench.options.quick ? 2 : bench.options.samples());
  auto const measured =
      nlohmann::json::parse(output_of("CCACHE_DISABLE=1 python3 '" CLOACINA_BENCH_SOURCE_DIR
                                      "/tests/compile_fail/compile_bench.py' --json - --rounds " +
                                      rounds + " 2>/dev/null"));
  for (auto const& one : measured) {
    Samples samples;
    for (char const* value : {"min", "median", "max"}) samples.add(one.at(value).get<double>());
    bench.report.add({.name = "compile",
                      .figure = one.at("figure").get<std::string>(),
                      .unit = one.at("unit").get<std::string>(),
                      .samples = samples,
                      .raw_limit = one.at("raw_limit").get<double>(),
                      .ratio = one.at("ratio").get<double>(),
                      .bar = "≤ " + readable(one.at("bar").get<double>()) + " s more",
                      .met = one.at("met").get<bool>()});
  }
}

}  // namespace bench
