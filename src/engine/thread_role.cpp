#include "engine/thread_role.hpp"

namespace cloacina::engine {

thread_local ThreadRole::Role ThreadRole::current_{};

}  // namespace cloacina::engine
