#include <cloacina/database_admin.hpp>

#include <algorithm>
#include <array>
#include <random>

#include <cloacina/error.hpp>

#include "backend/tenants.hpp"
#include "core/schema_name.hpp"

namespace cloacina {
namespace {

/// 256 bits, as hexadecimal digits: they need no escape in a URL.
std::string random_password() {
  std::random_device device;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string password;
  for (int i = 0; i < 64; ++i) password += digits[device() & 15u];
  return password;
}

void check_name(std::string_view what, std::string_view field, std::string_view name) {
  if (auto const why = why_no_schema_name(name); !why.empty())
    throw ValidationError{std::string{what} + " " + why + "; expected a name as tenant_a",
                          std::string{field}};
}

backend::Tenants::New checked(TenantConfig const& config) {
  backend::Tenants::New tenant{
      .schema = config.schema_name,
      .username = config.username.empty() ? config.schema_name : config.username,
      .password = config.password.empty() ? random_password() : config.password,
      .connection_limit = config.connection_limit};
  check_name("the schema's name", "schema_name", tenant.schema);
  check_name("the role's name", "username", tenant.username);
  if (tenant.schema == "public")
    throw ValidationError{
        "schema 'public' is everybody's; expected a name of the tenant's own, as tenant_a",
        "schema_name"};
  if (tenant.password.find('\0') != std::string::npos)
    throw ValidationError{"the password holds a NUL; expected text without one", "password"};
  if (config.connection_limit == 0 || config.connection_limit < -1)
    throw ValidationError{"connection_limit is " + std::to_string(config.connection_limit) +
                              "; expected 1 or more, or -1 for no limit",
                          "connection_limit"};
  return tenant;
}

}  // namespace

DatabaseAdmin::DatabaseAdmin(std::string_view database_url) : url_(database_url) {
  (void)backend::Tenants::open(DatabaseUrl::parse(url_));
}

TenantCredentials DatabaseAdmin::create_tenant(TenantConfig const& config) const {
  auto tenant = checked(config);
  auto url = backend::Tenants::open(DatabaseUrl::parse(url_))->create(tenant);
  return {.username = std::move(tenant.username),
          .password = std::move(tenant.password),
          .schema_name = std::move(tenant.schema),
          .connection_string = std::move(url)};
}

void DatabaseAdmin::remove_tenant(std::string_view schema_name, std::string_view username) const {
  check_name("the schema's name", "schema_name", schema_name);
  check_name("the role's name", "username", username);
  backend::Tenants::open(DatabaseUrl::parse(url_))->remove(schema_name, username);
}

void DatabaseAdmin::migrate_tenant(std::string_view schema_name) const {
  check_name("the schema's name", "schema_name", schema_name);
  backend::Tenants::open(DatabaseUrl::parse(url_))->migrate(schema_name);
}

std::vector<std::string> DatabaseAdmin::list_tenants() const {
  return backend::Tenants::open(DatabaseUrl::parse(url_))->list();
}

bool DatabaseAdmin::tenant_exists(std::string_view schema_name) const {
  auto const tenants = list_tenants();
  return std::find(tenants.begin(), tenants.end(), schema_name) != tenants.end();
}

}  // namespace cloacina
