#include "core/loaded_library.hpp"

#include <dlfcn.h>

namespace cloacina {

std::shared_ptr<void> keep_loaded(void const* code) noexcept {
  Dl_info place{};
  if (::dladdr(code, &place) == 0 || place.dli_fname == nullptr) return nullptr;
  void* const library = ::dlopen(place.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return nullptr;
  try {
    return {library, [](void* handle) { ::dlclose(handle); }};
  } catch (...) {  // no memory: it was closed, and its owner keeps it as long as it likes
    return nullptr;
  }
}

}  // namespace cloacina
