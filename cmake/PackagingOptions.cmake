# Read by cpack once it knows the generator.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_SET_DESTDIR ON)
  set(CPACK_INSTALL_PREFIX /usr)
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_COMPONENTS_ALL runtime documentation service)
else()
  set(CPACK_COMPONENTS_ALL runtime documentation development)
endif()
