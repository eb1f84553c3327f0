# The console's page, which the daemon carries: made of console/ by Node.js (tools/console), packed
# and taken in by tools/embed. Builds without it (the sanitizers', say) carry none.
option(TRAINYARD_CONSOLE "Build the console's page into the daemon" ON)

set(console_data ${CMAKE_BINARY_DIR}/data/console_data.cpp)
if(TRAINYARD_CONSOLE)
  set(console ${CMAKE_SOURCE_DIR}/console)
  file(GLOB_RECURSE console_sources CONFIGURE_DEPENDS ${console}/src/* ${console}/public/*)
  file(GLOB console_files CONFIGURE_DEPENDS ${console}/*.json ${console}/*.html ${console}/*.ts)
  add_custom_command(OUTPUT ${console_data}
      COMMAND ${CMAKE_SOURCE_DIR}/tools/console ${CMAKE_BINARY_DIR}/console
      COMMAND ${CMAKE_SOURCE_DIR}/tools/embed ${console_data} ${CMAKE_BINARY_DIR}/console/dist
      DEPENDS ${console_sources} ${console_files} ${CMAKE_SOURCE_DIR}/tools/console
              ${CMAKE_SOURCE_DIR}/tools/embed ${CMAKE_SOURCE_DIR}/tools/node
              ${CMAKE_SOURCE_DIR}/tools/locks/node.txt
      COMMENT "The console's page" VERBATIM)
else()
  add_custom_command(OUTPUT ${console_data}
      COMMAND ${CMAKE_SOURCE_DIR}/tools/embed ${console_data}
      DEPENDS ${CMAKE_SOURCE_DIR}/tools/embed VERBATIM)
endif()
target_sources(trainyard_server PRIVATE ${console_data})
