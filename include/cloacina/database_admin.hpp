#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloacina {

/// What an administrator asks for a new tenant.
struct TenantConfig {
  std::string schema_name{};  ///< 1 to 63 letters, digits, underscores; begins with no digit
  std::string username{};     ///< the same; empty: as the schema
  std::string password{};     ///< any text without NUL; empty: a random one of 256 bits
  int connection_limit = -1;  ///< of the role, 1 or more; -1: none
};

/// What a tenant's program needs. Given out once: the database keeps only a verifier.
struct TenantCredentials {
  std::string username;
  std::string password;
  std::string schema_name;
  std::string connection_string;  ///< a URL for `DefaultRunner`, on the administrator's own server
};

/// Makes and removes tenants: a schema each in one PostgreSQL database, and a role that may read
/// and write its rows and nothing else.
///
/// The schema and its tables belong to a role that nobody can log in as; the tenant's role has no
/// right to make objects, not even temporary ones, and none on other schemas. The URL is that of a
/// superuser, or of a role that may create roles and schemas. Each call connects, and blocks for
/// its transaction; `migrate_tenant` has one for each step. Thread-safe.
///
/// Throws `ConfigurationError` for a URL that is not PostgreSQL's, names no database, or a server
/// that refuses; `ValidationError` for names that cannot be; `StateError` for a tenant that exists
/// already, or does not; `BackendError` for what the server says. \code
///   cloacina::DatabaseAdmin admin{"postgres://admin@db/app"};
///   auto const tenant = admin.create_tenant({.schema_name = "tenant_a"});
///   cloacina::DefaultRunner runner{tenant.connection_string};
/// \endcode
class DatabaseAdmin {
 public:
  explicit DatabaseAdmin(std::string_view database_url);

  /// Everybody who was not given it explicitly loses the right to make temporary objects in this
  /// database, and objects in its schema `public`.
  [[nodiscard]] TenantCredentials create_tenant(TenantConfig const& config) const;
  /// The schema with everything in it, and the role. Sessions of the role are ended.
  void remove_tenant(std::string_view schema_name, std::string_view username) const;
  /// Brings the tenant's tables up to this library's version, which its own role may not.
  void migrate_tenant(std::string_view schema_name) const;
  /// Schemas with tables of this library, in the order of their names.
  [[nodiscard]] std::vector<std::string> list_tenants() const;
  [[nodiscard]] bool tenant_exists(std::string_view schema_name) const;

 private:
  std::string url_;
};

}  // namespace cloacina
