// multi_tenant [ADMINISTRATOR'S URL]: two tenants in one program, each with a database of its own.
//
// Without a URL each tenant is an SQLite file. With the URL of a PostgreSQL administrator each is a
// schema, with a role that can do nothing outside of it; both are removed at the end.
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace keys {
CLOACINA_KEY(amount, int);
CLOACINA_KEY(invoice, std::string);
}  // namespace keys

CLOACINA_TASK(bill, .reads = {keys::amount}, .writes = {keys::invoice}) {
  context.put(keys::invoice, "invoice over " + std::to_string(context.get(keys::amount)));
}
CLOACINA_WORKFLOW(billing, .inputs = {keys::amount}, .tasks = {bill});

/// Where a tenant's workflows are kept.
struct Tenant {
  std::string name, url, username;
};

Tenant provision(std::string const& administrator, std::string const& name) {
  if (administrator.empty()) return {name, "sqlite://" + name + ".db", ""};
  auto const made = cloacina::DatabaseAdmin{administrator}.create_tenant({.schema_name = name});
  return {name, made.connection_string, made.username};
}

int main(int argc, char** argv) try {
  std::string const administrator = argc > 1 ? argv[1] : "";
  std::string const suffix = argc > 2 ? argv[2] : "";
  std::vector<Tenant> tenants;
  for (char const* name : {"acme", "globex"})
    tenants.push_back(provision(administrator, name + suffix));

  std::vector<cloacina::DefaultRunner> runners;
  for (auto const& tenant : tenants) runners.emplace_back(tenant.url);
  for (int amount : {100, 200, 300}) (void)runners[0].execute(billing(keys::amount = amount));
  auto const last = runners[1].execute(billing(keys::amount = 7));

  std::printf("acme has %zu executions, globex %zu: %s\n", runners[0].list().size(),
              runners[1].list().size(), last.get(keys::invoice).c_str());
  try {
    (void)runners[0].result(last.id());
  } catch (cloacina::ExecutionNotFound const&) {
    std::printf("acme does not see what globex runs\n");
  }
  runners.clear();
  if (!administrator.empty())
    for (auto const& tenant : tenants)
      cloacina::DatabaseAdmin{administrator}.remove_tenant(tenant.name, tenant.username);
  return 0;
} catch (cloacina::Error const& error) {
  std::fprintf(stderr, "multi_tenant: %s\n", error.what());
  return 1;
}
