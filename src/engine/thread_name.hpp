#pragma once

#include <pthread.h>

namespace cloacina::engine {

/// How debuggers and `top -H` show the calling thread; at most 15 characters.
inline void name_thread(char const* name) noexcept { pthread_setname_np(pthread_self(), name); }

}  // namespace cloacina::engine
