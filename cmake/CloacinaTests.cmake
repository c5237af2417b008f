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

# cloacina_test_compile_options(target): those of the library, but for its optimisation.  Checks run once for each time that
# they are compiled, which takes half as long without.
function(cloacina_test_compile_options target)
  cloacina_compile_options(${target})
  target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
  if(CLOACINA_SANITIZER STREQUAL "address")
    # A quarter of their time, and what they look for is in the library.
    target_compile_options(${target} PRIVATE -fno-sanitize=alignment,object-size,vptr)
  endif()
endfunction()

# cloacina_test_program(name SUITE s TIMEOUT seconds DIRECTORY d [ROOMS r…] [RUNS TITLE:VARIABLE=VALUE…])
# One program from the sources of a directory.  Every test case becomes a CTest entry of its own, with a
# time limit and the labels SUITE and the name of its source.  Without ROOMS it links the whole library.
# With RUNS they are there once for each, called TITLE and with the variable set; one whose TITLE holds "postgres" also has
# the label postgres.
function(cloacina_test_program name)
  cmake_parse_arguments(arg "" "SUITE;TIMEOUT;DIRECTORY" "ROOMS;RUNS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_DIRECTORY}/*.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  cloacina_test_compile_options(${name})
  target_link_libraries(${name} PRIVATE test_main test_support)
  target_precompile_headers(${name} REUSE_FROM test_support)
  if(CLOACINA_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
  endif()
  if(arg_ROOMS)
    list(TRANSFORM arg_ROOMS PREPEND cloacina_)
    target_link_libraries(${name} PRIVATE ${arg_ROOMS})
  else()
    target_link_libraries(${name} PRIVATE cloacina::cloacina)
  endif()
  target_link_libraries(${name} PRIVATE ${CLOACINA_DRIVER_LIBRARIES} spdlog::spdlog)

  cloacina_suite(${arg_SUITE} ${name})

  if(NOT arg_RUNS)
    set(arg_RUNS ${name})
  endif()
  set(timeout ${arg_TIMEOUT})
  if(CLOACINA_SANITIZER)
    math(EXPR timeout "5 * ${timeout}")
  endif()
  set(list "${CMAKE_CURRENT_BINARY_DIR}/${name}_tests.cmake")
  add_custom_command(TARGET ${name} POST_BUILD
    BYPRODUCTS "${list}"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/discover_tests.py"
      --program "$<TARGET_FILE:${name}>" --runs ${arg_RUNS} --suite ${arg_SUITE} --timeout ${timeout}
      --output "${list}" -- ${sources}
    VERBATIM)
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake")
  file(WRITE "${include}"
    "if(EXISTS [==[${list}]==])\n  include([==[${list}]==])\nelse()\n"
    "  add_test(${name}_NOT_BUILT ${name}_NOT_BUILT)\n"
    "  set_tests_properties(${name}_NOT_BUILT PROPERTIES LABELS ${arg_SUITE})\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()

# cloacina_plugin(name program source): a library that PROGRAM loads and unloads.  Its symbols are hidden, so that the
# one registry must be the program's; and not unique, because a library with unique symbols is never unloaded.
function(cloacina_plugin name program source)
  add_library(${name} MODULE ${source})
  cloacina_compile_options(${name})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/include")
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_link_libraries(${name} PRIVATE nlohmann_json::nlohmann_json cloacina::asio Threads::Threads)
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  set_target_properties(${program} PROPERTIES ENABLE_EXPORTS ON)
  add_dependencies(${program} ${name})
  target_link_libraries(${program} PRIVATE ${CMAKE_DL_LIBS})
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

# The library once more, with the switches of core/sabotage.hpp: what names them is compiled anew, all else is
# shared.  No library that is installed can be sabotaged.  The fuzzer's tree is for nothing else: all of it has them.
function(cloacina_sabotaged_library)
  set(switched "")
  set(objects "")
  foreach(room core backend dal engine runner)
    set(names "")
    get_target_property(sources cloacina_${room} SOURCES)
    set(found "")
    if(NOT CLOACINA_SANITIZER STREQUAL "fuzzer")
      cloacina_sabotaged_sources(found ${sources})
    endif()
    list(APPEND switched ${found})
    foreach(source IN LISTS found)
      file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}/src/${room}" "${source}")
      string(REPLACE "." "\\." name "${name}")
      list(APPEND names "${name}")
    endforeach()
    if(names)
      list(JOIN names "|" pattern)
      list(APPEND objects "$<FILTER:$<TARGET_OBJECTS:cloacina_${room}>,EXCLUDE,/(${pattern})\\.o$>")
    else()
      list(APPEND objects "$<TARGET_OBJECTS:cloacina_${room}>")
    endif()
  endforeach()
  add_library(cloacina_sabotaged STATIC EXCLUDE_FROM_ALL ${switched} ${objects})
  cloacina_compile_options(cloacina_sabotaged)
  cloacina_precompile_headers(cloacina_sabotaged core engine runner)
  target_compile_definitions(cloacina_sabotaged PRIVATE CLOACINA_SABOTAGE)
  target_compile_features(cloacina_sabotaged PUBLIC cxx_std_20)
  target_include_directories(cloacina_sabotaged PUBLIC "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(cloacina_sabotaged PUBLIC
    nlohmann_json::nlohmann_json cloacina::asio Threads::Threads ${CLOACINA_DRIVER_LIBRARIES} spdlog::spdlog)
endfunction()

# cloacina_reliability_programs(directory SANITIZED trial…)
# The programs that the reliability trials start and kill: reliability_TRIAL from the sources of each trial.  Under a sanitizer the
# suite has only those that are named: it would get into the way of the others' deaths and times.
function(cloacina_reliability_programs directory)
  cmake_parse_arguments(arg "" "" "SANITIZED" ${ARGN})
  cloacina_sabotaged_library()
  add_library(trial_support OBJECT EXCLUDE_FROM_ALL
    support/append_file.cpp support/crash_vfs.cpp support/simulation.cpp)
  cloacina_compile_options(trial_support)
  target_include_directories(trial_support PUBLIC "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(trial_support PUBLIC cloacina_sabotaged)
  target_precompile_headers(trial_support PRIVATE <nlohmann/json.hpp> <cloacina/cloacina.hpp>)
  cloacina_subdirectories(${directory} trials)
  foreach(trial IN LISTS trials)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${directory}/${trial}/*.cpp")
    if(sources)
      add_executable(reliability_${trial} ${sources})
      cloacina_compile_options(reliability_${trial})
      target_precompile_headers(reliability_${trial} REUSE_FROM trial_support)
      target_link_libraries(reliability_${trial} PRIVATE trial_support)
      if(CLOACINA_SANITIZER STREQUAL "fuzzer" AND trial STREQUAL "fuzz")
        target_compile_definitions(reliability_fuzz PRIVATE CLOACINA_FUZZER)
        target_link_options(reliability_fuzz PRIVATE -fsanitize=fuzzer)
      endif()
      if(NOT CLOACINA_SANITIZER OR trial IN_LIST arg_SANITIZED)
        cloacina_suite(reliability reliability_${trial})
      endif()
    endif()
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
