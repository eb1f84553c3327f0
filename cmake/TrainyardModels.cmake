# The generated models: structs, shape tables, operations and clients of every service in api/, as
# one library; the dispatch tables, which name the handlers, are compiled into the services.
set(TRAINYARD_SERVICES states sagemaker runtime s3 iam sts logs events monitoring)
set(TRAINYARD_GENERATED ${CMAKE_BINARY_DIR}/include/generated)
set(model_sources)
set(TRAINYARD_DISPATCH_SOURCES)
foreach(service ${TRAINYARD_SERVICES})
  set(folder ${TRAINYARD_GENERATED}/${service})
  set(outputs)
  foreach(name types.hpp shapes.cpp errors.hpp operations.hpp service.cpp dispatch.cpp client.hpp)
    list(APPEND outputs ${folder}/${name})
  endforeach()
  add_custom_command(OUTPUT ${folder}/stamp BYPRODUCTS ${outputs}
      COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/apigen.py ${service} ${folder}
      COMMAND ${CMAKE_COMMAND} -E touch ${folder}/stamp
      DEPENDS ${CMAKE_SOURCE_DIR}/tools/apigen.py ${CMAKE_SOURCE_DIR}/api/${service}.json
              ${CMAKE_SOURCE_DIR}/api/${service}.ops ${CMAKE_SOURCE_DIR}/api/authz.json
              ${CMAKE_SOURCE_DIR}/api/patches.json
      COMMENT "Model of ${service}")
  list(APPEND stamps ${folder}/stamp)
  list(APPEND model_sources ${folder}/shapes.cpp ${folder}/service.cpp)
  set_source_files_properties(${folder}/shapes.cpp ${folder}/service.cpp
                              PROPERTIES UNITY_GROUP ${service})
  list(APPEND TRAINYARD_DISPATCH_SOURCES ${folder}/dispatch.cpp)
endforeach()
# Tables and one-line accessors, thousands of them: to optimise them further takes long and gains
# nothing, nor does anybody step through them.
set(TRAINYARD_GENERATED_OPTIONS -O1 -g0)
set_source_files_properties(${TRAINYARD_DISPATCH_SOURCES}
                            PROPERTIES COMPILE_OPTIONS "${TRAINYARD_GENERATED_OPTIONS}")
add_custom_target(trainyard_generate DEPENDS ${stamps})

add_library(trainyard_models STATIC ${model_sources})
add_dependencies(trainyard_models trainyard_generate)
target_include_directories(trainyard_models PUBLIC ${CMAKE_SOURCE_DIR}/src
                                                   ${CMAKE_BINARY_DIR}/include)
target_link_libraries(trainyard_models PUBLIC trainyard_wire trainyard_pch)
target_precompile_headers(trainyard_models REUSE_FROM trainyard_pch)
target_compile_options(trainyard_models PRIVATE ${TRAINYARD_GENERATED_OPTIONS})
# One file a service: its types are dear to parse.
set_target_properties(trainyard_models PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
