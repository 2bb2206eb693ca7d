# A room is one folder of src/ and one static library, dbnet_<name>. It may use only rooms on lower floors
# (docs/design/architecture.md), which DEPENDS makes the compiler's and the linker's business.

# dbnet_room(<name> SOURCES <files...> [DEPENDS <rooms...>] [LIBRARIES <targets...>])
function(dbnet_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(dbnet_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(dbnet_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include"
                                                  "${PROJECT_BINARY_DIR}/include")
  target_compile_definitions(dbnet_${name} PRIVATE DBNET_BUILDING)
  list(TRANSFORM ROOM_DEPENDS PREPEND dbnet_)
  target_link_libraries(dbnet_${name} PUBLIC ${ROOM_DEPENDS} PRIVATE ${ROOM_LIBRARIES})
  file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}/src" "${CMAKE_CURRENT_SOURCE_DIR}")
  list(TRANSFORM ROOM_DEPENDS REPLACE "^dbnet_" "")
  list(JOIN ROOM_DEPENDS "," uses)
  set_property(GLOBAL APPEND PROPERTY dbnet_rooms "${name},${folder},${uses}")
endfunction()

# dbnet_write_rooms(<file>): a line for each room, name;folder;rooms that it uses. tests/floors reads it.
function(dbnet_write_rooms file)
  get_property(rooms GLOBAL PROPERTY dbnet_rooms)
  list(JOIN rooms "\n" text)
  string(REPLACE "," ";" text "${text}")
  file(WRITE "${file}" "${text}\n")
endfunction()

# dbnet_test(<name> SOURCES <files...> [ROOMS <rooms...>] [LIBRARIES <targets...>] [LABELS <labels...>] [TIMEOUT <s>])
# One GoogleTest program, dbnet_<name>_test, labelled `unit` unless LABELS says otherwise.
function(dbnet_test name)
  if(NOT DBNET_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;ROOMS;LIBRARIES;LABELS" ${ARGN})
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 600)
  endif()
  add_executable(dbnet_${name}_test ${TEST_SOURCES})
  target_include_directories(dbnet_${name}_test PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  list(TRANSFORM TEST_ROOMS PREPEND dbnet_)
  target_link_libraries(dbnet_${name}_test PRIVATE ${TEST_ROOMS} ${TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
  # Tests run beside each other: a team that waits must not take a core from another test's.
  gtest_discover_tests(dbnet_${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}."
                       PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT} ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()

# dbnet_bench(<name> SOURCES <files...> [ROOMS <rooms...>] [LIBRARIES <targets...>])
function(dbnet_bench name)
  if(NOT DBNET_BUILD_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(BENCH "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_executable(dbnet_${name}_bench ${BENCH_SOURCES})
  target_include_directories(dbnet_${name}_bench PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  list(TRANSFORM BENCH_ROOMS PREPEND dbnet_)
  target_link_libraries(dbnet_${name}_bench PRIVATE ${BENCH_ROOMS} ${BENCH_LIBRARIES} benchmark::benchmark_main)
endfunction()
