# cloacina_add_workflows(target SOURCES a.cpp b.cpp …)
#
# Adds sources that define tasks and workflows to an existing executable or shared library.  They are
# compiled as an OBJECT library: their static registrars are in the program whether or not anything in it
# names them, which a linker does not promise for members of a static library.  Mistakes that compilers
# only warn about and that break tasks (a missing co_return, designators out of order) are errors here.
function(cloacina_add_workflows target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
  if(NOT TARGET "${target}")
    message(FATAL_ERROR "cloacina_add_workflows(${target}): there is no such target; call add_executable() or "
      "add_library(… SHARED) first.")
  endif()
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "cloacina_add_workflows(${target}): expected SOURCES and at least one file, as in "
      "cloacina_add_workflows(${target} SOURCES orders.cpp).")
  endif()
  get_target_property(type "${target}" TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    message(FATAL_ERROR "cloacina_add_workflows(${target}): ${target} is a STATIC library.  A linker takes only "
      "those members of a static library that somebody refers to, so workflows in it would never register.  "
      "Add the workflows to the program that runs them, or make ${target} SHARED or OBJECT.")
  endif()

  # A target may be given workflows more than once: each call has its own object library.
  get_target_property(calls "${target}" CLOACINA_WORKFLOW_CALLS)
  if(NOT calls)
    set(calls 0)
  endif()
  math(EXPR calls "${calls} + 1")
  set_target_properties("${target}" PROPERTIES CLOACINA_WORKFLOW_CALLS ${calls})
  set(objects "${target}_workflows_${calls}")

  add_library(${objects} OBJECT ${arg_SOURCES})
  set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${objects} PRIVATE
    -Werror=return-type $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Werror=reorder-init-list>)
  target_link_libraries(${objects} PUBLIC cloacina::cloacina)
  # What the target's own sources see, its workflows see too.
  target_include_directories(${objects} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
  target_compile_definitions(${objects} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)
  target_sources("${target}" PRIVATE $<TARGET_OBJECTS:${objects}>)
  target_link_libraries("${target}" PRIVATE cloacina::cloacina)
endfunction()
