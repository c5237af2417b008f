// What a workflow of 128 tasks costs the compiler beyond an empty file with the same includes.
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr unsigned tasks = 128;
constexpr char includes[] = "#include <cloacina/cloacina.hpp>\n#include <cstdint>\n";

/// 128 tasks in eight lanes; each reads what the task before it in its lane wrote.
std::string workflow_source() {
  constexpr unsigned lanes = 8;
  std::string source = includes;
  std::string list;
  for (unsigned i = 0; i < tasks; ++i) {
    auto const number = std::to_string(i);
    source += "CLOACINA_KEY(key_" + number + ", std::int64_t);\n";
  }
  for (unsigned i = 0; i < tasks; ++i) {
    auto const number = std::to_string(i);
    if (i < lanes) {
      source += "CLOACINA_TASK(task_" + number + ", .writes = {key_" + number +
                "}) { context.put(key_" + number + ", " + number + "); }\n";
    } else {
      auto const before = std::to_string(i - lanes);
      source += "CLOACINA_TASK(task_" + number + ", .after = {task_" + before +
                "}, .reads = {key_" + before + "}, .writes = {key_" + number +
                "}) { context.put(key_" + number + ", context.get(key_" + before + ") + 1); }\n";
    }
    list += (list.empty() ? "task_" : ", task_") + number;
  }
  return source + "CLOACINA_WORKFLOW(large, .tasks = {" + list + "});\n";
}

fs::path write(Scratch& scratch, std::string const& name, std::string const& text) {
  auto const path = scratch.new_file(name).replace_extension(".cpp");
  std::ofstream{path} << text;
  return path;
}

double seconds_to_compile(std::string const& compiler, fs::path const& source) {
  // A cached result would be measured instead of the compiler.
  auto const command = "CCACHE_DISABLE=1 " + compiler +
                       " -std=c++20 -DASIO_STANDALONE -DASIO_HAS_CO_AWAIT" +
                       " -DASIO_HAS_STD_COROUTINE -I" + CLOACINA_BENCH_SOURCE_DIR "/include -c " +
                       source.string() + " -o " + source.string() + ".o";
  auto const start = std::chrono::steady_clock::now();
  int const status = std::system(command.c_str());
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error{"does not compile: " + command};
  return took.count();
}

bool is_there(std::string const& program) {
  return std::system((program + " --version >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

void compile(Bench& bench) {
  constexpr double most_seconds = 3.0;
  auto const large = write(bench.scratch, "large", workflow_source());
  auto const empty = write(bench.scratch, "empty", includes);
  for (std::string const compiler : {"g++", "clang++"}) {
    if (!is_there(compiler)) continue;
    Samples beyond, whole;
    for (int i = 0; i < (bench.options.quick ? 2 : bench.options.samples()); ++i) {
      auto const nothing = seconds_to_compile(compiler, empty);
      whole.add(seconds_to_compile(compiler, large));
      beyond.add(whole.values().back() - nothing);
    }
    bench.report.add({.name = "compile",
                      .figure = compiler + ", 128 tasks beyond an empty file",
                      .unit = "s",
                      .samples = beyond,
                      .bar = "≤ 3 s",
                      .met = beyond.median() <= most_seconds});
    bench.report.add({.name = "compile",
                      .figure = compiler + ", the whole file",
                      .unit = "s",
                      .samples = whole});
  }
}

}  // namespace bench
