#include <dlfcn.h>

#include <algorithm>

#include <cloacina/registry.hpp>

#include "support/catch.hpp"

using cloacina::Registry;

namespace {

bool knows_the_plugin() {
  auto const names = Registry::global().names();
  return std::find(names.begin(), names.end(), "from_plugin") != names.end();
}

}  // namespace

TEST_CASE("a library registers its workflows in the program's registry, and takes them back",
          "[authoring][registry]") {
  REQUIRE_FALSE(knows_the_plugin());
  void* const library = dlopen(CLOACINA_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  std::string const problem = library ? "" : dlerror();
  CAPTURE(problem);
  REQUIRE(library);
  CHECK(knows_the_plugin());
  CHECK(Registry::global().find("from_plugin")->tasks() == std::vector<std::string>{"in_plugin"});
  REQUIRE(dlclose(library) == 0);
  CHECK_FALSE(knows_the_plugin());
}

TEST_CASE("a library stays loaded while a runner may run what it registered",
          "[authoring][registry]") {
  void* const library = dlopen(CLOACINA_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library);
  Registry plugin{Registry::global()};  // without the broken workflows of other tests
  for (std::uint64_t ticket = 1; plugin.names().size() > 1; ++ticket) plugin.remove(ticket);
  auto workflows = plugin.snapshot();
  REQUIRE(dlclose(library) == 0);
  CHECK(knows_the_plugin());
  CHECK(workflows->at("from_plugin").tasks() == std::vector<std::string>{"in_plugin"});
  workflows.reset();
  CHECK_FALSE(knows_the_plugin());
}

TEST_CASE("a library stays loaded while a runner may poll its trigger", "[authoring][registry]") {
  void* const library = dlopen(CLOACINA_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library);
  auto triggers = Registry::global().triggers();
  REQUIRE(triggers.size() == 1);
  CHECK(triggers.front().name == "looks_from_plugin");
  REQUIRE(dlclose(library) == 0);
  CHECK(knows_the_plugin());
  CHECK(triggers.front().poll);
  triggers.clear();
  CHECK_FALSE(knows_the_plugin());
  CHECK(Registry::global().triggers().empty());
}
