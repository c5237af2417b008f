# cmake -D directory=… -D driver=… -D output=… -P embed_migrations.cmake
# Writes a C++ source that holds every NNN_name.sql of the directory, in the order of their numbers.
file(GLOB files "${directory}/*.sql")
list(SORT files COMPARE NATURAL)

set(entries "")
set(previous 0)
foreach(file IN LISTS files)
  get_filename_component(stem "${file}" NAME_WE)
  if(NOT stem MATCHES "^([0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is called NNN_name.sql, e.g. 001_initial.sql.")
  endif()
  set(number "${CMAKE_MATCH_1}")
  set(name "${CMAKE_MATCH_2}")
  string(REGEX REPLACE "^0+" "" version "${number}")
  math(EXPR expected "${previous} + 1")
  if(NOT version EQUAL expected)
    message(FATAL_ERROR "${file}: migrations are numbered without gaps; expected ${expected}, found ${version}.")
  endif()
  set(previous ${expected})
  file(READ "${file}" sql)
  # A raw string may hold 64 KiB on every compiler we know; ours are far below.
  string(APPEND entries "    {${version}, \"${name}\", R\"__sql__(${sql})__sql__\"},\n")
endforeach()

file(WRITE "${output}" "// Generated from ${directory}; do not edit.
#include \"backend/migration.hpp\"

#include <span>

namespace cloacina::backend::${driver} {
namespace {
constexpr Migration all[] = {
${entries}};
}  // namespace

std::span<Migration const> migrations();
std::span<Migration const> migrations() { return all; }

}  // namespace cloacina::backend::${driver}
")
