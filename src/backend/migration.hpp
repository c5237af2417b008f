#pragma once

#include <string_view>

namespace cloacina::backend {

/// One step of the schema, embedded in the binary; steps are numbered from 1 without gaps.
struct Migration {
  int version;
  std::string_view name, sql;
};

}  // namespace cloacina::backend
