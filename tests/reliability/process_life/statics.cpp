// What is static and uses the library before `main` begins, and after it has returned.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include <cloacina/workflow_symbol.hpp>

#include "life.hpp"

CLOACINA_TASK(of_the_program) {}
CLOACINA_WORKFLOW(registered, .tasks = {of_the_program});

namespace cloacina::life {
namespace {

/// The trial's own words for it: arguments are not there yet.
char const* directory_if(std::string_view when) {
  char const* const asked = std::getenv("PROCESS_LIFE_STATIC");
  return asked != nullptr && when == asked ? std::getenv("PROCESS_LIFE_DIRECTORY") : nullptr;
}

void work(char const* directory) {
  Setting const setting{directory, {}};
  auto runner = make_runner(setting);
  expect_completed(submit(runner, setting, 20));
}

struct BothEnds {
  BothEnds() {
    if (auto const* const directory = directory_if("before")) attempt(directory);
    if (auto const* const directory = directory_if("runner")) {
      static auto runner = make_runner({directory, {}});
      expect_completed(submit(runner, {directory, {}}, 20));
    }
  }
  ~BothEnds() {
    if (auto const* const directory = directory_if("after")) attempt(directory);
  }
  static void attempt(char const* directory) {
    try {
      work(directory);
    } catch (std::exception const& error) {
      std::fprintf(stderr, "static: %s\n", error.what());
      std::_Exit(5);
    }
  }
};

// Before all else of the program, and after it.
[[gnu::init_priority(101)]] BothEnds const both_ends;

}  // namespace
}  // namespace cloacina::life
