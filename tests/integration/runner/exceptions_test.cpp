// Whatever a body throws is recorded as valid UTF-8, and the runner goes on.
#include <stdexcept>
#include <system_error>

#include <cloacina/error.hpp>

#include "core/utf8.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

struct Nameless {};
struct Silent : std::exception {
  char const* what() const noexcept override { return nullptr; }
};

struct Thrown {
  char const* name;
  void (*raise)();
  char const* text;  // part of what is recorded
};

Thrown const kinds[] = {
    {"int", [] { throw 42; }, "42"},
    {"text", [] { throw "plain text"; }, "plain text"},
    {"string", [] { throw std::string{"owned text"}; }, "owned text"},
    {"null text", [] { throw static_cast<char const*>(nullptr); }, "null"},
    {"runtime_error", [] { throw std::runtime_error{"it broke"}; }, "it broke"},
    {"bad_alloc", [] { throw std::bad_alloc{}; }, "bad_alloc"},
    {"nested",
     [] {
       try {
         throw std::runtime_error{"inner"};
       } catch (...) {
         std::throw_with_nested(std::runtime_error{"outer"});
       }
     },
     "outer; caused by: inner"},
    {"not UTF-8", [] { throw std::runtime_error{"caf\xe9 \xff\xfe"}; }, "caf"},
    {"with NUL",
     [] {
       throw std::string{"before\0after", 12};
     },
     "before\xEF\xBF\xBD"
     "after"},
    {"huge", [] { throw std::runtime_error{std::string(10'000'000, 'x')}; }, "xxx"},
    {"no text", [] { throw Silent{}; }, "Silent"},
    {"unknown type", [] { throw Nameless{}; }, "Nameless"},
    {"pointer", [] { throw static_cast<Nameless*>(nullptr); }, "Nameless"},
    {"error code", [] { throw std::make_error_code(std::errc::no_such_file_or_directory); },
     "No such file"},
    {"own error", [] { throw ContextError{"no such key"}; }, "no such key"},
    {"exception_ptr", [] { throw std::make_exception_ptr(1); }, "exception_ptr"},
};

}  // namespace

TEST_CASE("foreign exceptions are that task's failure and nobody else's", "[exceptions]") {
  auto const coroutine = GENERATE(false, true);
  CAPTURE(coroutine);
  TestDatabase database;
  auto const kind = [](TaskContext<>& context) -> Thrown const& {
    return kinds[context.get_as<std::size_t>("kind")];
  };
  TaskFunction const synchronous = [kind](TaskContext<>& context) { kind(context).raise(); };
  TaskFunction const asynchronous = [kind](TaskContext<>& context) -> asio::awaitable<void> {
    co_await context.async_sleep_for(0ms);
    kind(context).raise();
  };
  auto const workflow =
      WorkflowBuilder{"throw"}
          .task("throw", {.retry = {.max_attempts = 1}}, coroutine ? asynchronous : synchronous)
          .task("beside", [](TaskContext<>&) {})
          .build();
  auto runner = start(database.url(), {workflow});
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    CAPTURE(kinds[i].name);
    auto const result = wait(runner.submit("throw", Context{{"kind", i}}));
    CHECK(result.status() == WorkflowStatus::failed);
    CHECK(result.task("beside").status == TaskStatus::completed);
    auto const& error = result.task("throw").error;
    CHECK(error.find(kinds[i].text) != std::string::npos);
    CHECK(is_valid_utf8(error));
    CHECK(error.size() < 1'000'000);
    CHECK(runner.result(result.id()).task("throw").error == error);
  }
  CHECK(database.raw().integer("SELECT count(*) FROM task_executions WHERE status = 'Failed'") ==
        std::ssize(kinds));
}

TEST_CASE("PermanentError ends the attempts, TransientError goes on whatever the condition",
          "[exceptions][retry]") {
  TestDatabase database;
  std::atomic<int> permanent{0};
  std::atomic<int> transient{0};
  RetryPolicy const policy{.max_attempts = 3,
                           .initial_delay = 0ms,
                           .condition = RetryCondition::error_pattern("nothing")};
  auto runner =
      start(database.url(), {one_task("permanent",
                                      [&](TaskContext<>&) {
                                        ++permanent;
                                        throw PermanentError{"never"};
                                      },
                                      {.retry = {.max_attempts = 3, .initial_delay = 0ms}}),
                             one_task("transient",
                                      [&](TaskContext<>&) {
                                        ++transient;
                                        throw TransientError{"again"};
                                      },
                                      {.retry = policy})});
  CHECK(wait(runner.submit("permanent", {})).status() == WorkflowStatus::failed);
  CHECK(wait(runner.submit("transient", {})).status() == WorkflowStatus::failed);
  CHECK(permanent == 1);
  CHECK(transient == 3);
}
