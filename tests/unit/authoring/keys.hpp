#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <cloacina/key.hpp>

namespace cloacina::test {

struct Address {
  std::string street;
  int number = 0;
  friend bool operator==(Address const&, Address const&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Address, street, number)

CLOACINA_KEY(order_id, std::int64_t);
CLOACINA_KEY(lines, std::map<int, double>);
CLOACINA_KEY(total, double);
CLOACINA_KEY(note, std::string);
CLOACINA_KEY(small, std::int8_t);
CLOACINA_KEY(flag, bool);
CLOACINA_KEY(tags, std::vector<std::string>);
CLOACINA_KEY(address, Address);
CLOACINA_KEY(anything, Json);

}  // namespace cloacina::test
