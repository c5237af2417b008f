# cloacina_compile_options(target): warnings and sanitizers, for cloacina's own targets only.
if(NOT CLOACINA_SANITIZER MATCHES "^(address|thread|fuzzer)?$")
  message(FATAL_ERROR "CLOACINA_SANITIZER=${CLOACINA_SANITIZER}: expected nothing, address, thread or fuzzer.")
endif()

set(cloacina_sanitizer_options "")
if(CLOACINA_SANITIZER MATCHES "address|fuzzer")
  set(cloacina_sanitizer_options -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # Clang 14 calls coroutine frames through pointers that its function check does not know.
    list(APPEND cloacina_sanitizer_options -fno-sanitize=function)
  else()
    # g++ 12 refuses `&object != nullptr` as a constant expression under these two.
    list(APPEND cloacina_sanitizer_options -fno-sanitize=null,returns-nonnull-attribute,nonnull-attribute)
  endif()
  if(CLOACINA_SANITIZER STREQUAL "fuzzer")
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      message(FATAL_ERROR "CLOACINA_SANITIZER=fuzzer: expected clang, whose libFuzzer it is.")
    endif()
    list(APPEND cloacina_sanitizer_options -fsanitize=fuzzer-no-link)
  endif()
elseif(CLOACINA_SANITIZER STREQUAL "thread")
  set(cloacina_sanitizer_options -fsanitize=thread -fno-omit-frame-pointer)
endif()

function(cloacina_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow
    # A missing co_return is only a warning by default, and so are designators out of order on Clang.
    -Werror=return-type
    $<$<CXX_COMPILER_ID:Clang>:-Werror=reorder-init-list>
    # g++ 12 sees overlapping copies in "text" + std::string where there are none, at -O3.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    $<$<BOOL:${CLOACINA_WERROR}>:-Werror>
    ${cloacina_sanitizer_options})
  target_link_options(${target} PRIVATE ${cloacina_sanitizer_options})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(${target} PRIVATE cxx_std_20)
endfunction()
