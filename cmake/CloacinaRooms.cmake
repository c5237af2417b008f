# cloacina_sabotaged_sources(variable source…): those that have switches of core/sabotage.hpp.
function(cloacina_sabotaged_sources variable)
  set(found_in "")
  foreach(source IN LISTS ARGN)
    set(found "")
    if(EXISTS "${source}")  # not what is generated
      file(STRINGS "${source}" found REGEX "#include \"core/sabotage.hpp\"")
    endif()
    if(found)
      list(APPEND found_in "${source}")
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    endif()
  endforeach()
  set(${variable} "${found_in}" PARENT_SCOPE)
endfunction()

# cloacina_precompile_headers(target room…): what the sources of these rooms include.  Parsing JSON and Asio is most of what
# a source costs.  Builds for packages go without, so that a forgotten #include is found there.
function(cloacina_precompile_headers target)
  if(NOT CLOACINA_BUILD_TESTS)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <chrono> <functional> <map> <memory> <optional> <string> <variant> <vector> <nlohmann/json.hpp>)
  if(ARGN MATCHES "engine|runner")
    target_precompile_headers(${target} PRIVATE
      <mutex> <condition_variable> <thread> <unordered_map> <asio/awaitable.hpp> <asio/co_spawn.hpp>
      <asio/io_context.hpp> <asio/steady_timer.hpp> <asio/use_awaitable.hpp>)
  endif()
endfunction()

# cloacina_room(name): src/NAME as the OBJECT library cloacina_NAME, all sources found by themselves.
# A room without sources yet is an interface library, so that nobody has to ask.
function(cloacina_room room)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${room}/*.cpp")
  foreach(driver sqlite postgres)
    string(TOUPPER ${driver} DRIVER)
    if(NOT CLOACINA_WITH_${DRIVER})
      list(FILTER sources EXCLUDE REGEX "/backend/${driver}/")
    endif()
  endforeach()
  set(target cloacina_${room})
  if(NOT sources)
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  else()
    add_library(${target} OBJECT ${sources})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    cloacina_compile_options(${target})
    if(CLOACINA_SANITIZER STREQUAL "fuzzer")
      target_compile_definitions(${target} PRIVATE CLOACINA_SABOTAGE)
    endif()
    set(scope PUBLIC)
    cloacina_precompile_headers(${target} ${room})
    if(CLOACINA_UNITY)
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
      # Sources are included, as headers are, which ought not to hold what is nameless.
      target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
      if(CLOACINA_BUILD_TESTS AND NOT CLOACINA_SANITIZER STREQUAL "fuzzer")
        # The sabotaged library takes the objects of all others.
        cloacina_sabotaged_sources(alone ${sources})
        set_source_files_properties(${alone} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endif()
  endif()
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} nlohmann_json::nlohmann_json cloacina::asio Threads::Threads)
endfunction()

# cloacina_embed_migrations(target driver): compiles backend/DRIVER/migrations/NNN_name.sql into TARGET.
function(cloacina_embed_migrations target driver)
  set(directory "${CMAKE_CURRENT_SOURCE_DIR}/backend/${driver}/migrations")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${driver}_migrations.cpp")
  file(GLOB migrations CONFIGURE_DEPENDS "${directory}/*.sql")
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed_migrations.cmake")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} -D "directory=${directory}" -D "driver=${driver}" -D "output=${output}" -P "${script}"
    DEPENDS ${migrations} "${script}"
    COMMENT "Embedding the migrations of ${driver}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
  # Alone, so that what only reads the sources (clang-tidy) needs no build.
  set_source_files_properties("${output}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
