# The Debian package of `./dev package`: what is installed, for /usr; built by `cpack -G DEB`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cloacina)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "The Cloacina developers")
set(CPACK_PACKAGE_VENDOR "Cloacina")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# What the library links, as dpkg-shlibdeps finds it, and what cloacina-config.cmake looks for.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "nlohmann-json3-dev, libasio-dev, libspdlog-dev")
if(CLOACINA_WITH_SQLITE)
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", libsqlite3-dev")
endif()
if(CLOACINA_WITH_POSTGRES)
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", libpqxx-dev")
endif()
# The files of time zones; without them schedules are in UTC alone.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "tzdata")
include(CPack)
