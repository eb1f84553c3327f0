# Data that the daemon carries: api/managed-policies/*.json as one array of texts. The file is
# written anew only when a policy changed.
file(GLOB managed_policies CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/managed-policies/*.json)
set(TRAINYARD_MANAGED_POLICIES "")
foreach(file ${managed_policies})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(APPEND TRAINYARD_MANAGED_POLICIES "    R\"json(${text})json\",\n")
endforeach()
configure_file(${CMAKE_SOURCE_DIR}/cmake/managed_data.cpp.in
               ${CMAKE_BINARY_DIR}/data/managed_data.cpp @ONLY)
if(TARGET trainyard_identity)
  target_sources(trainyard_identity PRIVATE ${CMAKE_BINARY_DIR}/data/managed_data.cpp)
endif()

# The runtimes table, as one text in the layer that reads it.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/runtimes.toml)
file(READ ${CMAKE_SOURCE_DIR}/api/runtimes.toml TRAINYARD_RUNTIMES)
configure_file(${CMAKE_SOURCE_DIR}/cmake/runtimes_data.cpp.in
               ${CMAKE_BINARY_DIR}/data/runtimes_data.cpp @ONLY)
if(TARGET trainyard_runtimes)
  target_sources(trainyard_runtimes PRIVATE ${CMAKE_BINARY_DIR}/data/runtimes_data.cpp)
endif()

# The script that runs in Jupyter's pages, as one text in the front door.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/src/notebook/notebook.js)
file(READ ${CMAKE_SOURCE_DIR}/src/notebook/notebook.js TRAINYARD_NOTEBOOK_SCRIPT)
configure_file(${CMAKE_SOURCE_DIR}/cmake/notebook_data.cpp.in
               ${CMAKE_BINARY_DIR}/data/notebook_data.cpp @ONLY)
if(TARGET trainyard_notebook)
  target_sources(trainyard_notebook PRIVATE ${CMAKE_BINARY_DIR}/data/notebook_data.cpp)
endif()
