// What is static and uses the library before `main` begins, and after it has returned.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>

#include <cloacina/workflow_symbol.hpp>

#include "life.hpp"

CLOACINA_TASK(of_the_program) {}
CLOACINA_WORKFLOW(registered, .tasks = {of_the_program});

namespace cloacina::life {
namespace {

/// The trial's own words for it: arguments are not there yet.
std::optional<Setting> setting_if(std::string_view when) {
  char const* const asked = std::getenv("PROCESS_LIFE_STATIC");
  if (asked == nullptr || when != asked) return std::nullopt;
  return Setting{std::getenv("PROCESS_LIFE_DIRECTORY"), std::getenv("PROCESS_LIFE_URL"), {}};
}

void work(Setting const& setting) {
  auto runner = make_runner(setting);
  expect_completed(submit(runner, setting, 20));
}

struct BothEnds {
  BothEnds() {
    if (auto const setting = setting_if("before")) attempt(*setting);
    if (auto const setting = setting_if("runner")) {
      static auto runner = make_runner(*setting);
      expect_completed(submit(runner, *setting, 20));
    }
  }
  ~BothEnds() {
    if (auto const setting = setting_if("after")) attempt(*setting);
  }
  static void attempt(Setting const& setting) {
    try {
      work(setting);
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
