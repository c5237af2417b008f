# What a build gets that says nothing: only for cloacina's own tree, never for a host project's.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

# A tree with tests is a developer's and is rebuilt all day: -O1 and line tables only compile about
# twice as fast as -O2 -g here.  A tree without tests is somebody's installation.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  if(CLOACINA_BUILD_TESTS)
    set(CMAKE_BUILD_TYPE Debug CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
  else()
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
  endif()
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# ccache refuses sources with a precompiled header unless it is told that time stamps do not matter.
if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache$")
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
