#include "engine/thread_role.hpp"

namespace cloacina::engine {

thread_local ThreadRole::Kind ThreadRole::current_ = ThreadRole::caller;

}  // namespace cloacina::engine
