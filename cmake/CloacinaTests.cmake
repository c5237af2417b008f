# How tests become programs and CTest entries; used by tests/CMakeLists.txt and CloacinaExamples.cmake.

# cloacina_subdirectories(directory variable): the names of the directories in DIRECTORY that hold sources.
function(cloacina_subdirectories directory variable)
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}/${directory}"
    "${CMAKE_CURRENT_SOURCE_DIR}/${directory}/*/*.cpp")
  set(names "")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" DIRECTORY)
    list(APPEND names "${name}")
  endforeach()
  list(REMOVE_DUPLICATES names)
  set(${variable} "${names}" PARENT_SCOPE)
endfunction()

# cloacina_test_program(name SUITE s TIMEOUT seconds DIRECTORY d [ROOMS r…])
# One program from the sources of a directory.  Every test case becomes a CTest entry of its own, with a
# time limit and the labels SUITE and the name of its source.  Without ROOMS it links the whole library.
function(cloacina_test_program name)
  cmake_parse_arguments(arg "" "SUITE;TIMEOUT;DIRECTORY" "ROOMS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_DIRECTORY}/*.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  cloacina_compile_options(${name})
  target_link_libraries(${name} PRIVATE test_main test_support)
  target_precompile_headers(${name} REUSE_FROM test_support)
  if(arg_ROOMS)
    list(TRANSFORM arg_ROOMS PREPEND cloacina_)
    target_link_libraries(${name} PRIVATE ${arg_ROOMS})
  else()
    target_link_libraries(${name} PRIVATE cloacina::cloacina)
  endif()
  target_link_libraries(${name} PRIVATE SQLite::SQLite3 spdlog::spdlog)

  cloacina_suite(${arg_SUITE} ${name})

  set(timeout ${arg_TIMEOUT})
  if(CLOACINA_SANITIZER)
    math(EXPR timeout "5 * ${timeout}")
  endif()
  set(list "${CMAKE_CURRENT_BINARY_DIR}/${name}_tests.cmake")
  add_custom_command(TARGET ${name} POST_BUILD
    BYPRODUCTS "${list}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/discover_tests.py"
      --program "$<TARGET_FILE:${name}>" --name ${name} --suite ${arg_SUITE} --timeout ${timeout}
      --output "${list}" -- ${sources}
    VERBATIM)
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake")
  file(WRITE "${include}"
    "if(EXISTS [==[${list}]==])\n  include([==[${list}]==])\nelse()\n"
    "  add_test(${name}_NOT_BUILT ${name}_NOT_BUILT)\n"
    "  set_tests_properties(${name}_NOT_BUILT PROPERTIES LABELS ${arg_SUITE})\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()

# cloacina_suite(suite program…): the target suite-SUITE builds all programs of one suite.
function(cloacina_suite suite)
  if(NOT TARGET suite-${suite})
    add_custom_target(suite-${suite})
  endif()
  if(ARGN)
    add_dependencies(suite-${suite} ${ARGN})
  endif()
endfunction()

# cloacina_script_test(name SUITE s TIMEOUT seconds SCRIPT s.py [ARGUMENTS a…])
# A Python script that closes with `N passed, N failed, N skipped`.  Absent scripts are left out.
function(cloacina_script_test name)
  cmake_parse_arguments(arg "" "SUITE;TIMEOUT;SCRIPT" "ARGUMENTS" ${ARGN})
  if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT}")
    return()
  endif()
  add_test(NAME ${name} COMMAND Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT}" ${arg_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES
    LABELS ${arg_SUITE} TIMEOUT ${arg_TIMEOUT} RUN_SERIAL TRUE)
endfunction()

# The room DAL once more, with the switches of dal/sabotage.hpp: its objects are in no library, so that none that
# is installed can be sabotaged.
function(cloacina_sabotaged_dal)
  get_target_property(sources cloacina_dal SOURCES)
  add_library(cloacina_dal_sabotaged OBJECT ${sources})
  cloacina_compile_options(cloacina_dal_sabotaged)
  target_compile_definitions(cloacina_dal_sabotaged PRIVATE CLOACINA_SABOTAGE)
  target_precompile_headers(cloacina_dal_sabotaged PRIVATE <nlohmann/json.hpp>)
  target_link_libraries(cloacina_dal_sabotaged PUBLIC cloacina_core)
endfunction()

# The programs that the reliability trials start and kill: reliability_TRIAL from the sources of each trial.
function(cloacina_reliability_programs directory)
  cloacina_sabotaged_dal()
  cloacina_subdirectories(${directory} trials)
  foreach(trial IN LISTS trials)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${directory}/${trial}/*.cpp")
    add_executable(reliability_${trial} ${sources})
    cloacina_compile_options(reliability_${trial})
    target_include_directories(reliability_${trial} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(reliability_${trial} PRIVATE
      cloacina_core cloacina_backend cloacina_dal_sabotaged cloacina_engine cloacina_runner
      SQLite::SQLite3 spdlog::spdlog)
    cloacina_suite(reliability reliability_${trial})
  endforeach()
endfunction()

# cloacina_test_compilers(variable): the C++ compilers of this machine that diagnostics are checked with.
function(cloacina_test_compilers variable)
  set(found "")
  foreach(compiler g++ clang++)
    find_program(CLOACINA_TEST_COMPILER_${compiler} ${compiler})
    mark_as_advanced(CLOACINA_TEST_COMPILER_${compiler})
    if(CLOACINA_TEST_COMPILER_${compiler})
      list(APPEND found "${CLOACINA_TEST_COMPILER_${compiler}}")
    endif()
  endforeach()
  if(NOT found)
    set(found "${CMAKE_CXX_COMPILER}")
  endif()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()
