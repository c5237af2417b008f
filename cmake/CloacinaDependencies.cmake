# The one list of what cloacina links, used by the build and, installed, by cloacina-config.cmake.

# cloacina::asio: Asio without Boost.  Debian ships headers only, vcpkg and Conan a CMake package.
macro(cloacina_find_asio)
  if(NOT TARGET cloacina::asio)
    find_package(asio CONFIG QUIET)
    add_library(cloacina::asio INTERFACE IMPORTED)
    if(TARGET asio::asio)
      target_link_libraries(cloacina::asio INTERFACE asio::asio)
    else()
      find_path(CLOACINA_ASIO_INCLUDE_DIR asio.hpp)
      mark_as_advanced(CLOACINA_ASIO_INCLUDE_DIR)
      if(NOT CLOACINA_ASIO_INCLUDE_DIR)
        message(FATAL_ERROR "cloacina: asio.hpp not found.  Debian and Ubuntu: apt-get install libasio-dev; "
          "elsewhere point CLOACINA_ASIO_INCLUDE_DIR at the directory that holds it.")
      endif()
      target_include_directories(cloacina::asio SYSTEM INTERFACE "${CLOACINA_ASIO_INCLUDE_DIR}")
      target_link_libraries(cloacina::asio INTERFACE Threads::Threads)
    endif()
    # Asio before 1.24 looks for <experimental/coroutine> under Clang and hides `awaitable` without it.
    target_compile_definitions(cloacina::asio INTERFACE
      ASIO_STANDALONE ASIO_NO_DEPRECATED
      $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)
  endif()
endmacro()

# cloacina::pqxx: libpqxx 6.4 to 7.10.  Debian ships headers and library only, vcpkg and Conan a CMake package.
macro(cloacina_find_pqxx)
  if(NOT TARGET cloacina::pqxx)
    find_package(libpqxx CONFIG QUIET)
    add_library(cloacina::pqxx INTERFACE IMPORTED)
    if(TARGET libpqxx::pqxx)
      target_link_libraries(cloacina::pqxx INTERFACE libpqxx::pqxx)
    else()
      find_path(CLOACINA_PQXX_INCLUDE_DIR pqxx/pqxx)
      find_library(CLOACINA_PQXX_LIBRARY pqxx)
      find_library(CLOACINA_PQ_LIBRARY pq)
      find_path(CLOACINA_PQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql)
      mark_as_advanced(CLOACINA_PQ_INCLUDE_DIR CLOACINA_PQXX_INCLUDE_DIR CLOACINA_PQXX_LIBRARY CLOACINA_PQ_LIBRARY)
      if(NOT CLOACINA_PQXX_INCLUDE_DIR OR NOT CLOACINA_PQXX_LIBRARY OR NOT CLOACINA_PQ_LIBRARY OR NOT CLOACINA_PQ_INCLUDE_DIR)
        message(FATAL_ERROR "cloacina: libpqxx not found.  Debian and Ubuntu: apt-get install libpqxx-dev; elsewhere "
          "point CLOACINA_PQXX_INCLUDE_DIR, CLOACINA_PQXX_LIBRARY, CLOACINA_PQ_INCLUDE_DIR and CLOACINA_PQ_LIBRARY at it, or configure with "
          "-DCLOACINA_WITH_POSTGRES=OFF for SQLite alone.")
      endif()
      target_include_directories(cloacina::pqxx SYSTEM INTERFACE
        "${CLOACINA_PQXX_INCLUDE_DIR}" "${CLOACINA_PQ_INCLUDE_DIR}")
      target_link_libraries(cloacina::pqxx INTERFACE "${CLOACINA_PQXX_LIBRARY}" "${CLOACINA_PQ_LIBRARY}")
    endif()
  endif()
endmacro()

# Finds everything, or stops and names what is missing.  A macro: find_package sets variables for its caller.
macro(cloacina_find_dependencies)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  find_package(nlohmann_json 3.11 REQUIRED)
  find_package(spdlog 1.9 REQUIRED)
  set(CLOACINA_DRIVER_LIBRARIES "")
  if(CLOACINA_WITH_SQLITE)
    find_package(SQLite3 3.38 REQUIRED)  # 3.37: STRICT tables; 3.38: json_each in every build
    list(APPEND CLOACINA_DRIVER_LIBRARIES SQLite::SQLite3)
  endif()
  if(CLOACINA_WITH_POSTGRES)
    cloacina_find_pqxx()
    list(APPEND CLOACINA_DRIVER_LIBRARIES cloacina::pqxx)
  endif()
  cloacina_find_asio()
endmacro()
