#pragma once

#include "backend/postgres/settings.hpp"
#include "backend/tenants.hpp"

namespace cloacina::backend::postgres {

/// One connection and one transaction for each call.
class PostgresTenants final : public Tenants {
 public:
  /// Throws `ConfigurationError` for a URL without a database.
  explicit PostgresTenants(DatabaseUrl const& url);

  [[nodiscard]] std::string create(New const& tenant) override;
  void remove(std::string_view schema, std::string_view username) override;
  void migrate(std::string_view schema) override;
  [[nodiscard]] std::vector<std::string> list() override;

 private:
  [[nodiscard]] Settings settings_for(std::string_view schema) const;
  Settings settings_;
};

}  // namespace cloacina::backend::postgres
