#include <dlfcn.h>

#include <stdexcept>

#include "life.hpp"

namespace cloacina::life {
namespace {

bool is_loaded(std::string const& plugin) {
  void* const library = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (library != nullptr) ::dlclose(library);
  return library != nullptr;
}

ExecutionResult run(DefaultRunner& runner) {
  auto result = runner.execute("plugged", Context{});
  expect(result.status() == WorkflowStatus::completed, "a workflow of the library did not run");
  return result;
}

/// With `early`, the library is closed while the runner works from it.
void once(Setting& setting, std::string const& plugin, bool early) {
  void* const library = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error{::dlerror()};
  auto result = [&] {
    auto runner = make_runner(setting, Registry::global());
    if (early) ::dlclose(library);
    for (int i = 0; i < 20; ++i) (void)runner.submit("plugged", Context{});
    return run(runner);
  }();
  if (!early) ::dlclose(library);
  expect(!is_loaded(plugin), "the library is still loaded");
  expect(result.context().get("from_the_plugin") == "its code ran", "the result is gone with it");
}

}  // namespace

int load(Setting& setting, std::string const& how, std::string const& plugin) {
  if (how != "again" && how != "closed_early") throw std::runtime_error{"no such load: " + how};
  for (int i = 0; i < 5; ++i) once(setting, plugin, how == "closed_early");
  return 0;
}

}  // namespace cloacina::life
