// A small run that insists: whoever is told of an error calls again, until the disk is well again.
#include <chrono>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <cloacina/cloacina.hpp>

#include "disk_full.hpp"
#include "support/append_file.hpp"
#include "support/small_workflow.hpp"

namespace cloacina::disk_full {
namespace {

using namespace std::chrono_literals;
using test::AppendFile;

// As kill_points/trial.py expects them.
constexpr int by_first_runner = 10;
constexpr int by_client = 15;
constexpr int by_second_runner = 18;

constexpr int most_tries = 50;

class SmallRun {
 public:
  explicit SmallRun(std::filesystem::path const& directory)
      : url_("sqlite://" + (directory / "points.db").string()),
        witness_(directory / "witness"),
        accepted_(directory / "accepted"),
        errors_(directory / "errors") {}

  /// Stops in the middle, so that the next one has to claim and to load what is half done.
  void first_runner() {
    auto runner = insist("runner", [&] { return make_runner(); });
    auto client = insist("client", [&] { return Client{url_, workflows()}; });
    for (int n = 0; n < by_first_runner; ++n) submit_through(runner, n);
    for (int n = by_first_runner; n < by_client; ++n)
      submit("client.submit", n, [&](Context input, SubmitOptions const& options) {
        return client.submit("small", std::move(input), options);
      });
    (void)insist("client.list", [&] { return client.list(); });
    runner.shutdown(0s);
  }

  void second_runner() {
    auto runner = insist("runner", [&] { return make_runner(); });
    for (int n = by_client; n < by_second_runner; ++n) submit_through(runner, n);
    for (auto const id : ids_) {
      auto const handle = insist("handle", [&] { return runner.handle(id); });
      auto const result = insist("wait", [&] { return handle.wait(); });
      auto const stored = insist("result", [&] { return runner.result(id); });
      if (stored.context() != result.context()) throw std::runtime_error{"two results of one run"};
    }
    runner.shutdown();
  }

 private:
  Registry workflows() {
    Registry registry;
    registry.add(test::small_workflow(witness_));
    return registry;
  }

  DefaultRunner make_runner() {
    DefaultRunnerConfig config;
    config.lease = 1s;
    config.scheduler_poll_interval = 50ms;
    return DefaultRunner::builder().database_url(url_).registry(workflows()).config(config).build();
  }

  /// With a key, because it may be called again after it was stored.
  template <class Submit>
  void submit(char const* what, int n, Submit&& call) {
    auto const key = std::to_string(n);
    auto const id = insist(what, [&]() -> ExecutionId {
      return call(Context{{"n", n}}, SubmitOptions{.idempotency_key = key});
    });
    ids_.push_back(id);
    accepted_.append(Json{{"execution", id.to_string()}, {"key", key}}.dump());
  }

  void submit_through(DefaultRunner& runner, int n) {
    submit("submit", n, [&](Context input, SubmitOptions const& options) {
      return runner.submit("small", std::move(input), options).id();
    });
  }

  template <class Call>
  std::invoke_result_t<Call> insist(char const* what, Call&& call) {
    for (int tries = 1;; ++tries) {
      try {
        return call();
      } catch (Error const& error) {
        errors_.append(told(what, error));
        if (tries == most_tries) throw;
      }
    }
  }

  std::string url_;
  AppendFile witness_, accepted_, errors_;
  std::vector<ExecutionId> ids_;
};

}  // namespace

int run_small(std::filesystem::path const& directory) {
  SmallRun run{directory};
  run.first_runner();
  run.second_runner();
  return 0;
}

}  // namespace cloacina::disk_full
