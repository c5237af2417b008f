#include "contract/backend_under_test.hpp"

#include <cstdlib>
#include <stdexcept>

#include "contract/postgres_under_test.hpp"
#include "contract/sqlite_under_test.hpp"

namespace cloacina::contract {

std::unique_ptr<BackendUnderTest> make_backend_under_test() {
  char const* wanted = std::getenv("CLOACINA_CONTRACT_BACKEND");
  std::string_view const name = wanted == nullptr ? "sqlite" : wanted;
  if (name == "sqlite") return std::make_unique<SqliteUnderTest>();
  if (name == "postgres") return std::make_unique<PostgresUnderTest>("");
  // What a pooler in transaction mode leaves of a server, with the strictest default that an
  // administrator may set.
  if (name == "postgres_bare")
    return std::make_unique<PostgresUnderTest>(
        "listen=false&prepare=false&options=-c%20default_transaction_isolation%3Dserializable");
  if (name == "postgres_pooled")
    return std::make_unique<PostgresUnderTest>("listen=false&prepare=false",
                                               test::PostgresSchema::pooler_url());
  throw std::runtime_error{
      "CLOACINA_CONTRACT_BACKEND names no driver: expected sqlite, postgres, postgres_bare or "
      "postgres_pooled"};
}

}  // namespace cloacina::contract
