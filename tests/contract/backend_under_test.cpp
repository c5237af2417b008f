#include "contract/backend_under_test.hpp"

#include <cstdlib>
#include <stdexcept>

#include "contract/sqlite_under_test.hpp"

namespace cloacina::contract {

std::unique_ptr<BackendUnderTest> make_backend_under_test() {
  char const* wanted = std::getenv("CLOACINA_CONTRACT_BACKEND");
  std::string_view const name = wanted == nullptr ? "sqlite" : wanted;
  if (name == "sqlite") return std::make_unique<SqliteUnderTest>();
  throw std::runtime_error{"CLOACINA_CONTRACT_BACKEND names no driver: expected sqlite"};
}

}  // namespace cloacina::contract
