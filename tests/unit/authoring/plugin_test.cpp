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
