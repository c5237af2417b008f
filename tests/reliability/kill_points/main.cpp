// A small run that dies at a chosen operation on its database (support/kill_points).
//   kill_points URL DIRECTORY AT     0: to the end; prints how many such operations there were
// A second start finishes what the first began: the submissions have keys.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <cloacina/cloacina.hpp>

#include "support/append_file.hpp"
#include "support/kill_points/kill_points.hpp"
#include "support/small_workflow.hpp"

namespace {

using namespace cloacina;
using namespace std::chrono_literals;
using test::AppendFile;

constexpr int executions = 18;

}  // namespace

int main(int count, char** arguments) try {
  if (count != 4) throw std::runtime_error{"usage: kill_points URL DIRECTORY AT"};
  std::string const url = arguments[1];
  std::filesystem::path const directory{arguments[2]};
  test::KillPoints const points{url, std::strtoull(arguments[3], nullptr, 10)};
  AppendFile witness{directory / "witness"};
  AppendFile accepted{directory / "accepted"};
  {
    Registry registry;
    registry.add(test::small_workflow(witness));
    DefaultRunnerConfig config;
    config.lease = 200ms;
    config.scheduler_poll_interval = 50ms;
    auto runner = DefaultRunner::builder()
                      .database_url(url)
                      .registry(std::move(registry))
                      .config(config)
                      .build();
    std::vector<ExecutionHandle> handles;
    for (int n = 0; n < executions; ++n) {
      auto const key = std::to_string(n);
      handles.push_back(runner.submit("small", Context{{"n", n}}, {.idempotency_key = key}));
      accepted.append(Json{{"execution", handles.back().id().to_string()}, {"key", key}}.dump());
    }
    for (auto const& handle : handles) (void)handle.wait();
    runner.shutdown();
  }
  std::printf("%llu\n", static_cast<unsigned long long>(points.operations()));
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "kill_points: %s\n", error.what());
  return 4;
}
