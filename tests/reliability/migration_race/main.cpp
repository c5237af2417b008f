// Opens a new database beside others that do the same, and executes one workflow on it.
//   migration_race race          reads URLs, one a line; answers each with "answer: ok" or an
//                                error; the log goes to the same stream
//   migration_race boot URL AT   once, killed at its AT-th operation (support/kill_points); 0: not
//                                at all, prints how many there were until the database was open
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include <cloacina/cloacina.hpp>

#include "support/kill_points/kill_points.hpp"

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

Registry one_workflow() {
  WorkflowBuilder builder{"boot"};
  builder.task("body", {}, [](TaskContext<>& context) { context.put("ran", true); });
  Registry registry;
  registry.add(builder.build());
  return registry;
}

/// Empty, or what went wrong.
std::string boot_and_execute(std::string const& url) try {
  DefaultRunner runner =
      DefaultRunner::builder().database_url(url).registry(one_workflow()).build();
  auto const result = runner.execute("boot", Context{});
  runner.shutdown();
  if (result.status() != WorkflowStatus::completed) return std::string{to_string(result.status())};
  return {};
} catch (std::exception const& error) {
  return error.what();
}

int race() {
  for (std::string url; std::getline(std::cin, url);) {
    auto const wrong = boot_and_execute(url);
    std::cout << "answer: " << (wrong.empty() ? "ok" : wrong) << std::endl;
  }
  return 0;
}

int boot(std::string const& url, std::uint64_t at) {
  test::KillPoints const points{url, at};
  { Client const opens{url, Registry{}}; }
  auto const operations = points.operations();
  if (auto const wrong = boot_and_execute(url); !wrong.empty()) throw std::runtime_error{wrong};
  std::cout << operations << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count == 2 && std::string{arguments[1]} == "race") return race();
  if (count == 4 && std::string{arguments[1]} == "boot")
    return boot(arguments[2], std::strtoull(arguments[3], nullptr, 10));
  throw std::runtime_error{"usage: migration_race race | migration_race boot URL AT"};
} catch (std::exception const& error) {
  std::fprintf(stderr, "migration_race: %s\n", error.what());
  return 4;
}
