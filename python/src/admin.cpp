#include <string>

#include <pybind11/stl.h>

#include <cloacina/database_admin.hpp>

#include "bindings.hpp"

namespace cloaca {
namespace {

using cloacina::DatabaseAdmin;

py::tuple create_tenant(DatabaseAdmin const& admin, std::string schema, std::string username,
                        std::string password, int connection_limit) {
  cloacina::TenantConfig const config{.schema_name = std::move(schema),
                                      .username = std::move(username),
                                      .password = std::move(password),
                                      .connection_limit = connection_limit};
  auto const made = [&] {
    Released const released;
    return admin.create_tenant(config);
  }();
  return py::make_tuple(made.username, made.password, made.schema_name, made.connection_string);
}

}  // namespace

void bind_admin(py::module_& module) {
  using Guard = py::call_guard<Released>;
  py::class_<DatabaseAdmin>(module, "Admin")
      .def(py::init<std::string const&>(), py::arg("url"), Guard{})
      .def("create_tenant", &create_tenant)
      .def(
          "remove_tenant",
          [](DatabaseAdmin const& admin, std::string const& schema, std::string const& username) {
            admin.remove_tenant(schema, username);
          },
          Guard{})
      .def(
          "migrate_tenant",
          [](DatabaseAdmin const& admin, std::string const& schema) {
            admin.migrate_tenant(schema);
          },
          Guard{})
      .def("list_tenants", &DatabaseAdmin::list_tenants, Guard{})
      .def(
          "tenant_exists",
          [](DatabaseAdmin const& admin, std::string const& schema) {
            return admin.tenant_exists(schema);
          },
          Guard{});
}

}  // namespace cloaca
