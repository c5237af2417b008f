#include <cloacina/task_namespace.hpp>

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;

TEST_CASE("a task namespace has four parts, printed and read", "[core][namespace]") {
  auto const name = TaskNamespace::parse("tenant::package::workflow::task");
  CHECK(name.tenant() == "tenant");
  CHECK(name.package() == "package");
  CHECK(name.workflow() == "workflow");
  CHECK(name.task() == "task");
  CHECK(name.to_string() == "tenant::package::workflow::task");
  CHECK(TaskNamespace{"w", "t"}.to_string() == "public::embedded::w::t");
  CHECK(TaskNamespace::parse("a::b::c:d::é").workflow() == "c:d");
  CHECK(TaskNamespace::parse("a::b::c d::é – f").task() == "é – f");
}

TEST_CASE("what has not four sound parts is refused", "[core][namespace]") {
  for (char const* const text : {"", "task", "a::b::c", "a::b::c::d::e", "::b::c::d", "a::::c::d",
                                 "a::b::::d", "a:::b::c::d", "a::b::c::d\n", "a::b::c::\xff"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(TaskNamespace::parse(text), ValidationError);
    CHECK_THROWS_WITH(TaskNamespace::parse(text),
                      Catch::Contains("tenant::package::workflow::task"));
  }
  CHECK_THROWS_AS(TaskNamespace("a::b", "t"), ValidationError);
}

TEST_CASE("tasks are children of their workflow and siblings of each other", "[core][namespace]") {
  TaskNamespace const load{"orders", "load"};
  TaskNamespace const store{"orders", "store"};
  TaskNamespace const other{"invoices", "load"};
  CHECK(load.parent().to_string() == "public::embedded::orders::");
  CHECK(TaskNamespace::parse(load.parent().to_string()) == load.parent());
  CHECK(load.parent().parent() == load.parent());
  CHECK(load.is_child_of(load.parent()));
  CHECK_FALSE(load.is_child_of(other.parent()));
  CHECK_FALSE(load.is_child_of(store));
  CHECK_FALSE(load.parent().is_child_of(load.parent()));
  CHECK(load.is_sibling_of(store));
  CHECK_FALSE(load.is_sibling_of(load));
  CHECK_FALSE(load.is_sibling_of(other));
  CHECK_FALSE(load.is_sibling_of(load.parent()));
  CHECK(load < store);
  CHECK(std::hash<TaskNamespace>{}(load) ==
        std::hash<TaskNamespace>{}(TaskNamespace{"orders", "load"}));
}
