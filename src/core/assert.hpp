#pragma once

#include <cstdio>
#include <cstdlib>

/// A broken invariant of ours: going on could lose or corrupt what was promised, so the process
/// ends. Always on.
#define CLOACINA_ASSERT(CONDITION, MESSAGE)                                                      \
  do {                                                                                           \
    if (!(CONDITION)) {                                                                          \
      std::fprintf(stderr, "cloacina: broken invariant at %s:%d: %s (%s)\n", __FILE__, __LINE__, \
                   MESSAGE, #CONDITION);                                                         \
      std::abort();                                                                              \
    }                                                                                            \
  } while (false)
