#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/database_url.hpp"

namespace cloacina::backend {

/// See `DatabaseAdmin`. Names are checked by the caller.
class Tenants {
 public:
  struct New {
    std::string schema, username, password;
    int connection_limit = -1;
  };
  virtual ~Tenants() = default;

  /// Throws `ConfigurationError` for a URL that is not PostgreSQL's.
  [[nodiscard]] static std::unique_ptr<Tenants> open(DatabaseUrl const& url);

  /// Returns the URL of the tenant.
  [[nodiscard]] virtual std::string create(New const& tenant) = 0;
  virtual void remove(std::string_view schema, std::string_view username) = 0;
  virtual void migrate(std::string_view schema) = 0;
  [[nodiscard]] virtual std::vector<std::string> list() = 0;
};

}  // namespace cloacina::backend
