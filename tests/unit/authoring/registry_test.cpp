#include <atomic>
#include <thread>

#include <cloacina/registry.hpp>
#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;

namespace {

void nothing(TaskContext<>&) {}

Workflow named(std::string name) {
  return WorkflowBuilder{std::move(name)}.task("a", nothing).build();
}

std::atomic<int> made = 0;
Workflow make_one() {
  ++made;
  return named("one");
}
Workflow make_two() { return named("two"); }
Workflow make_failing() { throw ValidationError("workflow 'failing' is no good"); }
Workflow make_throwing() { throw 3; }

TriggerDefinition trigger_named(std::string name) {
  return {.name = std::move(name), .workflow = "one", .poll = [](TriggerContext&) {
            return TriggerResult::skip();
          }};
}
TriggerDefinition make_trigger_one() { return trigger_named("one"); }

std::vector<std::string> names_of(std::vector<TriggerDefinition> const& triggers) {
  std::vector<std::string> names;
  for (auto const& trigger : triggers) names.push_back(trigger.name);
  return names;
}

std::string problem_of(Registry const& registry) {
  try {
    static_cast<void>(registry.snapshot());
  } catch (ValidationError const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a registry knows its workflows by name", "[authoring][registry]") {
  Registry registry;
  registry.add(named("b"));
  registry.add(named("a"));
  CHECK(registry.names() == std::vector<std::string>{"a", "b"});
  CHECK(registry.find("a")->name() == "a");
  CHECK_FALSE(registry.find("c").has_value());
  CHECK(registry.snapshot()->size() == 2);
}

TEST_CASE("a snapshot does not change when its registry does", "[authoring][registry]") {
  Registry registry;
  registry.add(named("a"));
  auto const snapshot = registry.snapshot();
  registry.add(named("b"));
  CHECK(snapshot->size() == 1);
  CHECK(registry.snapshot()->size() == 2);
}

TEST_CASE("a registry is a value", "[authoring][registry]") {
  Registry registry;
  registry.add(named("a"));
  Registry copy = registry;
  copy.add(named("b"));
  CHECK(registry.names().size() == 1);
  CHECK(copy.names().size() == 2);
  registry = copy;
  CHECK(registry.names().size() == 2);
  Registry const moved = std::move(copy);
  CHECK(moved.names().size() == 2);
}

TEST_CASE("a deferred workflow is made once, when it is first asked for", "[authoring][registry]") {
  Registry registry;
  made = 0;
  registry.add_deferred("one", make_one, {"one.cpp", 1});
  CHECK(registry.names() == std::vector<std::string>{"one"});
  CHECK(made == 0);
  static_cast<void>(registry.find("one"));
  static_cast<void>(registry.snapshot());
  CHECK(made == 1);
}

TEST_CASE("a removed workflow is gone, and removing it again does nothing",
          "[authoring][registry]") {
  Registry registry;
  auto const ticket = registry.add_deferred("one", make_one, {"one.cpp", 1});
  registry.add_deferred("two", make_two, {"two.cpp", 2});
  registry.remove(ticket);
  registry.remove(ticket);
  CHECK(registry.names() == std::vector<std::string>{"two"});
}

TEST_CASE("failures and duplicates are reported together, with their places",
          "[authoring][registry]") {
  Registry registry;
  registry.add_deferred("one", make_one, {"one.cpp", 1});
  registry.add_deferred("one", make_one, {"other.cpp", 11});
  registry.add_deferred("failing", make_failing, {"failing.cpp", 2});
  registry.add_deferred("throwing", make_throwing, {"throwing.cpp", 3});
  registry.add(named("one"));
  auto const problem = problem_of(registry);
  CHECK_THAT(problem, Contains("'one' is registered twice: one.cpp:1 and other.cpp:11"));
  CHECK_THAT(problem, Contains("'one' is registered twice: one.cpp:1 and added at run time"));
  CHECK_THAT(problem, Contains("workflow 'failing' is no good (failing.cpp:2)"));
  CHECK_THAT(problem, Contains("'throwing'") && Contains("throwing.cpp:3"));
  CHECK_THROWS_WITH(registry.find("failing"), Contains("is no good (failing.cpp:2)"));
}

TEST_CASE("a workflow in a header is one workflow, however many sources include it",
          "[authoring][registry]") {
  Registry registry;
  auto const first = registry.add_deferred("one", make_one, {"one.hpp", 1});
  registry.add_deferred("one", make_one, {"one.hpp", 1});
  CHECK(registry.snapshot()->size() == 1);
  registry.remove(first);
  CHECK(registry.snapshot()->size() == 1);
}

TEST_CASE("a registry knows its triggers, those of macros and those of run time",
          "[authoring][registry]") {
  Registry registry;
  CHECK(registry.triggers().empty());
  auto const ticket = registry.add_deferred_trigger(make_trigger_one, {"one.cpp", 1});
  registry.add_trigger(trigger_named("two"));
  CHECK(names_of(registry.triggers()) == std::vector<std::string>{"one", "two"});
  CHECK(registry.names().empty());  // those are workflows
  registry.remove(ticket);
  registry.remove(ticket);
  CHECK(names_of(registry.triggers()) == std::vector<std::string>{"two"});
}

TEST_CASE("two triggers of one name are reported with their places", "[authoring][registry]") {
  Registry registry;
  registry.add_deferred_trigger(make_trigger_one, {"one.cpp", 1});
  auto const second = registry.add_deferred_trigger(make_trigger_one, {"other.cpp", 11});
  CHECK_THROWS_AS(registry.triggers(), ValidationError);
  CHECK_THROWS_WITH(registry.triggers(),
                    Contains("trigger 'one' is registered twice: one.cpp:1 and other.cpp:11"));
  registry.remove(second);
  CHECK(registry.triggers().size() == 1);
  registry.add_trigger(trigger_named("one"));
  CHECK_THROWS_WITH(registry.triggers(), Contains("one.cpp:1 and added at run time"));
}

TEST_CASE("a copy of a registry has its triggers, and goes its own way", "[authoring][registry]") {
  Registry registry;
  auto const ticket = registry.add_deferred_trigger(make_trigger_one, {"one.cpp", 1});
  Registry copy = registry;
  copy.add_trigger(trigger_named("two"));
  registry.remove(ticket);
  CHECK(registry.triggers().empty());
  CHECK(names_of(copy.triggers()) == std::vector<std::string>{"one", "two"});
  copy.remove(ticket);  // tickets are those of the original
  CHECK(names_of(copy.triggers()) == std::vector<std::string>{"two"});
  registry = copy;
  Registry const moved = std::move(copy);
  CHECK(names_of(registry.triggers()) == names_of(moved.triggers()));
}

TEST_CASE("an unknown name is answered with the nearest ones, or else the linker's habit",
          "[authoring][registry]") {
  CHECK(workflow_not_found_message("order_pipline", {"order_pipeline", "import"}) ==
        "no workflow named 'order_pipline' is registered; did you mean 'order_pipeline'?");
  std::string const advice =
      ". If it is defined in a static library, the linker may have dropped it: add its sources "
      "with cloacina_add_workflows(target SOURCES …)";
  CHECK(workflow_not_found_message("x", {"import"}) ==
        "no workflow named 'x' is registered" + advice);
  CHECK(workflow_not_found_message("x", {}) ==
        "no workflow named 'x' is registered; no workflow is registered at all" + advice);
}

TEST_CASE("a schedule may be added to a registry", "[authoring][registry]") {
  Registry registry;
  registry.add_cron({.workflow = "report", .expression = "@daily", .options = {.name = "nightly"}});
  auto const copy = registry;
  auto const schedules = copy.crons();
  REQUIRE(schedules.size() == 1);
  CHECK(schedules.front().workflow == "report");
  CHECK(schedules.front().expression == "@daily");
  CHECK(schedules.front().options.name == "nightly");
  CHECK(copy.crons().size() == 1);
}

TEST_CASE("a workflow may register and remove others while it is made", "[authoring][registry]") {
  static Registry registry;
  static std::uint64_t ticket_of_one = 0;
  auto const make_busy = [] {
    for (int i = 0; i < 100; ++i) registry.add(named("made" + std::to_string(i)));
    registry.remove(ticket_of_one);
    return named("busy");
  };
  bool const by_find = GENERATE(true, false);
  registry = Registry{};
  ticket_of_one = registry.add_deferred("one", make_one, {"one.cpp", 1});
  registry.add_deferred("busy", make_busy, {"busy.cpp", 1});
  if (by_find) CHECK(registry.find("busy")->name() == "busy");
  CHECK(registry.snapshot()->contains("made99"));
  CHECK(registry.names().size() == 101);
}

TEST_CASE("a registry is used by many threads at once", "[authoring][registry]") {
  Registry registry;
  auto work = [&registry](int number) {
    for (int i = 0; i < 50; ++i) {
      auto const ticket = registry.add_deferred("one", make_one, {"one.cpp", 1});
      static_cast<void>(registry.snapshot());
      static_cast<void>(registry.find("one"));
      registry.remove(ticket);
    }
    registry.add(named("kept" + std::to_string(number)));
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  CHECK(registry.names().size() == 4);
}
