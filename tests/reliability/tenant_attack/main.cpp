// Makes and removes the tenants of the trial, as an administrator's program would.
//   tenant_attack create ADMIN_URL SCHEMA     prints the tenant's URL
//   tenant_attack remove ADMIN_URL SCHEMA
//   tenant_attack run TENANT_URL              one execution of a workflow with a secret in it
#include <cstdio>
#include <exception>
#include <string>

#include <cloacina/database_admin.hpp>
#include <cloacina/runner.hpp>
#include <cloacina/workflow_builder.hpp>

using namespace cloacina;

int main(int count, char** arguments) try {
  std::string const command = count > 2 ? arguments[1] : "";
  if (command == "create" && count == 4) {
    auto const made = DatabaseAdmin{arguments[2]}.create_tenant({.schema_name = arguments[3]});
    std::printf("%s\n", made.connection_string.c_str());
  } else if (command == "remove" && count == 4) {
    DatabaseAdmin{arguments[2]}.remove_tenant(arguments[3], arguments[3]);
  } else if (command == "run" && count == 3) {
    Registry registry;
    registry.add(WorkflowBuilder{"secret"}
                     .task("keep", [](TaskContext<>& context) { context.put("canary", 42); })
                     .build());
    auto runner = DefaultRunner::builder().database_url(arguments[2]).registry(registry).build();
    (void)runner.execute("secret", Context{{"canary", "of-the-victim"}}).value();
  } else {
    std::fprintf(stderr, "usage: tenant_attack create|remove ADMIN_URL SCHEMA | run TENANT_URL\n");
    return 2;
  }
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "tenant_attack: %s\n", error.what());
  return 4;
}
