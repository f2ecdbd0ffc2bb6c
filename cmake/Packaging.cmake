# cpack -G TGZ: program and library, to be unpacked anywhere. cpack -G DEB: program and systemd unit.
# scripts/package calls both; the bill of materials is made there, from what was linked.
set(CPACK_PACKAGE_NAME streamer)
set(CPACK_PACKAGE_VENDOR "the streamer authors")
set(CPACK_PACKAGE_CONTACT "the streamer authors <maintainers@users.noreply.b-seed-8065ae68.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "event processor for Apache Kafka")
set(CPACK_PACKAGE_DESCRIPTION
    "Processes events from Kafka at least once and in order per key, with retries,\n"
    "dead letters and many tenants on one topic. It scales out as a consumer group.")
list(JOIN CPACK_PACKAGE_DESCRIPTION "" CPACK_PACKAGE_DESCRIPTION)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_PACKAGE_FILE_NAME
    "streamer-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")

# One package of the components that scripts/package names.
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# What the binary is linked with, and certificates for TLS.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(OPENTELEMETRY_PRIVATE)
  # These are in the package, beside the tracing module.
  list(GET OPENTELEMETRY_LIBRARIES 0 private_library)
  cmake_path(GET private_library PARENT_PATH CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS)
endif()
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(packaging "${PROJECT_SOURCE_DIR}/packaging")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${packaging}/conffiles" "${packaging}/postinst"
                                       "${packaging}/prerm" "${packaging}/postrm")
# /etc is outside every prefix: only staging by DESTDIR takes it along.
set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_SOURCE_DIR}/cmake/PackagingOptions.cmake")

install(FILES README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE DESTINATION share/doc/streamer
        COMPONENT documentation)
install(DIRECTORY docs/ DESTINATION share/doc/streamer/docs COMPONENT documentation
        FILES_MATCHING PATTERN "*.md")
install(FILES "${PROJECT_BINARY_DIR}/sbom.cdx.json" DESTINATION share/doc/streamer
        COMPONENT documentation OPTIONAL)
install(FILES "${packaging}/streamer.service" DESTINATION lib/systemd/system COMPONENT service)
install(FILES "${packaging}/streamer.toml" DESTINATION /etc/streamer COMPONENT service)
install(FILES "${packaging}/copyright" DESTINATION share/doc/streamer COMPONENT service)
install(FILES "${PROJECT_BINARY_DIR}/changelog.gz" "${PROJECT_BINARY_DIR}/changelog.Debian.gz"
        DESTINATION share/doc/streamer COMPONENT service OPTIONAL)

include(CPack)
