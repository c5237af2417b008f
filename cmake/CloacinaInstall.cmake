# Headers, library, command, and the package that find_package(cloacina) finds.
include(CMakePackageConfigHelpers)

set(package_directory "${CMAKE_INSTALL_LIBDIR}/cmake/cloacina")

install(TARGETS cloacina EXPORT cloacina-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(CLOACINA_BUILD_CLI)
  install(TARGETS cloacina_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/cloacina" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT cloacina-targets NAMESPACE cloacina:: DESTINATION ${package_directory})

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/cloacina-config.cmake.in" "${PROJECT_BINARY_DIR}/cloacina-config.cmake"
  INSTALL_DESTINATION ${package_directory})
# Before 1.0 a minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cloacina-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/cloacina-config.cmake"
  "${PROJECT_BINARY_DIR}/cloacina-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/CloacinaDependencies.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/CloacinaWorkflows.cmake"
  DESTINATION ${package_directory})
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION ${CMAKE_INSTALL_DOCDIR})
