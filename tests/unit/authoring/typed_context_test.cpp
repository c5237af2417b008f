#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <cloacina/detail/make_workflow.hpp>
#include <cloacina/task.hpp>

#include "core/declared_writes.hpp"
#include "keys.hpp"
#include "support/catch.hpp"
#include "task_run_fixture.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

CLOACINA_TASK(summarise, .reads = {lines, address},
              .writes = {total, optional(note), small, flag}) {
  double sum = 0;
  for (auto const& [line, price] : context.get(lines)) sum += price;
  context.put(total, sum);
  context.put(small, static_cast<int>(sum));
  context.put(flag, context.get(address).number == 3);
}

CLOACINA_TASK(hands_on, .writes = {anything}) {
  Json deep = 1;
  for (int i = 0; i < 100'000; ++i) deep = Json::array({std::move(deep)});
  context.put(anything, deep);
}

CLOACINA_TASK(references, .reads = {order_id}, .writes = {note}) {
  context.put(note, "first");
  std::string const& first = context.get(note);
  auto const* place = &first;
  CHECK(place == &context.get(note));
  context.put(note, "second");
  CHECK(first == "first");
  CHECK(context.get(note) == "second");
  CHECK(*context.find(note) == "second");
  CHECK(context.contains(order_id) == (context.find(order_id) != nullptr));
}

CLOACINA_TASK(braces, .writes = {lines, tags, address}) {
  context.put(lines, {{1, 10.0}, {2, 2.5}});
  context.put(tags, {"a", "b"});
  context.put(address, {"Main", 5});
}

CLOACINA_CO_TASK(waits, .writes = {total}) {
  co_await context.sleep_for(5ms);
  context.put(total, 1.0);
}

CLOACINA_TASK(blocks, .id = "blocks-a-worker") { context.sleep_for(7ms); }

CLOACINA_TASK(plain) { context.insert("left", context.get_as<int>("right") + 1); }

template <class Task>
Attempt& perform(Task, Attempt& attempt) {
  attempt.definition = detail::make_task(Task::info);
  if constexpr (!Task::is_coroutine) {
    Task::info.run(attempt.run);
  } else {
    asio::io_context io;
    auto done = asio::co_spawn(io, Task::info.co_run(attempt.run), asio::use_future);
    io.run();
    done.get();
  }
  return attempt;
}

}  // namespace

TEST_CASE("declared keys are read and put with their types", "[authoring][context]") {
  Attempt attempt{
      Context{{"lines", {{1, 10.0}, {2, 2.5}}}, {"address", {{"street", "Main"}, {"number", 3}}}}};
  perform(summarise, attempt);
  CHECK(attempt.run.delta.to_json() == R"({"set":{"total":12.5,"small":12,"flag":true}})");
}

TEST_CASE("a reference stays what it was when its key is put again", "[authoring][context]") {
  Attempt attempt{Context{{"order_id", 1}}};
  perform(references, attempt);
  Attempt empty;
  perform(references, empty);
}

TEST_CASE("a value nested too deep is refused by its key, however it is given",
          "[authoring][context]") {
  Attempt attempt;
  CHECK_THROWS_WITH(perform(hands_on, attempt),
                    Contains("'anything'") && Contains("nested deeper than 512 levels"));
  Json deep = 1;
  for (int i = 0; i < 100'000; ++i) deep = Json::array({std::move(deep)});
  CHECK_THROWS_WITH(anything = deep, Contains("'anything'") && Contains("deeper than 512"));
  nlohmann::json foreign = 1;
  for (int i = 0; i < 100'000; ++i) foreign = nlohmann::json::array({std::move(foreign)});
  CHECK_THROWS_WITH(anything = foreign, Contains("'anything'") && Contains("deeper than 512"));
}

TEST_CASE("values are written in braces", "[authoring][context]") {
  Attempt attempt;
  perform(braces, attempt);
  CHECK(attempt.run.delta.set.get_as<std::vector<std::string>>("tags") ==
        std::vector<std::string>{"a", "b"});
  CHECK(attempt.run.delta.set.get_as<Address>("address") == Address{"Main", 5});
  CHECK(attempt.run.delta.set.get_as<std::map<int, double>>("lines") ==
        std::map<int, double>{{1, 10.0}, {2, 2.5}});
}

TEST_CASE("a missing value says why, and one of another type says so", "[authoring][context]") {
  Attempt attempt;
  attempt.run.missing.emplace_back("lines", "its writer 'extract' was Skipped");
  CHECK_THROWS_WITH(perform(summarise, attempt),
                    Contains("'lines'") && Contains("'extract' was Skipped"));
  Attempt text{Context{{"lines", "none"}}};
  CHECK_THROWS_AS(perform(summarise, text), ContextError);
}

TEST_CASE("an integer that does not fit into its key is refused", "[authoring][context]") {
  Attempt attempt{Context{{"lines", {{1, 128.0}}}, {"address", {{"street", ""}, {"number", 0}}}}};
  CHECK_THROWS_WITH(perform(summarise, attempt), Contains("'small'") && Contains("128"));
}

TEST_CASE("a coroutine body waits without a thread, a synchronous one blocks",
          "[authoring][context]") {
  Attempt coroutine;
  perform(waits, coroutine);
  CHECK(coroutine.sleeper.waits == std::vector<std::chrono::nanoseconds>{5ms});
  CHECK(coroutine.run.delta.to_json() == R"({"set":{"total":1.0}})");

  Attempt synchronous;
  perform(blocks, synchronous);
  CHECK(synchronous.sleeper.waits == std::vector<std::chrono::nanoseconds>{7ms});
}

TEST_CASE("a blocking wait in a coroutine is refused", "[authoring][context]") {
  Attempt attempt{{}, detail::make_task(waits.info)};
  TaskContext<> context{attempt.run};
  CHECK_THROWS_WITH(context.sleep_for(1ms), Contains("co_await context.async_sleep_for"));
  CHECK(attempt.sleeper.waits.empty());
}

TEST_CASE("a task without declared keys has the untyped context", "[authoring][context]") {
  Attempt attempt{Context{{"right", 1}}};
  perform(plain, attempt);
  CHECK(attempt.run.delta.to_json() == R"({"set":{"left":2}})");
}

TEST_CASE("a body knows which run it is", "[authoring][context]") {
  Attempt attempt;
  attempt.definition.id = "load";
  attempt.run.execution = ExecutionId::parse("0192f0c1-0000-7000-8000-000000000001");
  attempt.run.attempt = 3;
  attempt.run.deadline = Instant{5s};
  std::stop_source stop;
  attempt.run.stop = stop.get_token();
  TaskContext<> context{attempt.run};

  CHECK(context.execution_id() == attempt.run.execution);
  CHECK(context.task_id() == "load");
  CHECK(context.attempt() == 3);
  CHECK(context.idempotency_key() == "0192f0c1-0000-7000-8000-000000000001/load");
  CHECK(context.deadline() == Instant{5s});
  CHECK_FALSE(context.stop_token().stop_requested());
  stop.request_stop();
  CHECK(context.stop_token().stop_requested());
  CHECK_THROWS_AS(context.sleep_for(1ms), TaskError);
}

TEST_CASE("a declared key that was not put is named, unless it is optional",
          "[authoring][context]") {
  auto const task = detail::make_task(summarise.info);
  detail::ContextDelta delta;
  delta.set.put("total", 1.0);
  delta.set.put("flag", true);
  CHECK_THAT(detail::missing_write(task, delta).value_or(""),
             Contains("'summarise'") && Contains("'small'") && !Contains("'note'") &&
                 !Contains("'total'"));
  delta.set.put("small", 1);
  CHECK(detail::missing_write(task, delta) == std::nullopt);
}
