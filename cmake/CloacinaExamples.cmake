# cloacina_example(directory): DIRECTORY/*.cpp as the program example_DIRECTORY (slashes become underscores)
# and, with tests, one CTest entry: test.py if there is one (given the program's path), else the program
# itself, its output compared with expected.txt if there is one.
function(cloacina_example directory)
  string(REGEX REPLACE "[^A-Za-z0-9]" "_" target "example_${directory}")
  set(source_directory "${CMAKE_CURRENT_SOURCE_DIR}/${directory}")
  file(GLOB sources CONFIGURE_DEPENDS "${source_directory}/*.cpp")
  add_executable(${target} ${sources})
  cloacina_compile_options(${target})
  target_link_libraries(${target} PRIVATE cloacina::cloacina)

  if(NOT CLOACINA_BUILD_TESTS)
    return()
  endif()
  cloacina_suite(examples ${target})
  find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
  if(EXISTS "${source_directory}/test.py")
    set(command Python3::Interpreter "${source_directory}/test.py" $<TARGET_FILE:${target}>)
  else()
    set(command Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/run_example.py" $<TARGET_FILE:${target}>
      "${source_directory}/expected.txt")
  endif()
  add_test(NAME "example: ${directory}" COMMAND ${command})
  set_tests_properties("example: ${directory}" PROPERTIES LABELS examples TIMEOUT 180)
endfunction()

# cloacina_benchmark(target directory): all sources of DIRECTORY as one program.
function(cloacina_benchmark target directory)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${directory}/*.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(${target} ${sources})
  cloacina_compile_options(${target})
  # The raw limit is measured beside the library: prepared statements on SQLite itself.
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${CMAKE_CURRENT_SOURCE_DIR}/${directory}")
  target_link_libraries(${target} PRIVATE cloacina::cloacina SQLite::SQLite3 cloacina::pqxx)
  target_compile_definitions(${target} PRIVATE
    CLOACINA_BENCH_SOURCE_DIR="${PROJECT_SOURCE_DIR}" CLOACINA_BENCH_COMPILER="${CMAKE_CXX_COMPILER}")
endfunction()
