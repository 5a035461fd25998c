# baton_module(NAME [DEPS module…] [LIBS target…] [NO_UNITY file…] [TEST_DEPS module…])
#   The folder src/NAME, subfolders included, as the static library baton_NAME. Its *_test.cc
#   become the one test program NAME_test, its *_fuzz.cc a fuzz program each; nothing is listed
#   by hand, so nothing is left out of the build.
function(baton_module name)
  cmake_parse_arguments(arg "" "" "DEPS;LIBS;NO_UNITY;TEST_DEPS" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  list(TRANSFORM arg_DEPS PREPEND baton_)
  list(TRANSFORM arg_TEST_DEPS PREPEND baton_)
  if(sources)
    add_library(baton_${name} STATIC ${sources})
    target_link_libraries(baton_${name} PUBLIC ${arg_DEPS} ${arg_LIBS} PRIVATE baton_flags)
    foreach(file ${arg_NO_UNITY})
      set_source_files_properties(${dir}/${file} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endforeach()
  else()
    add_library(baton_${name} INTERFACE)
    target_link_libraries(baton_${name} INTERFACE ${arg_DEPS} ${arg_LIBS})
  endif()
  set_property(GLOBAL APPEND PROPERTY BATON_MODULES ${name})
  set_property(GLOBAL PROPERTY BATON_TESTS_${name} "${tests}")
  set_property(GLOBAL PROPERTY BATON_TEST_DEPS_${name} "${arg_TEST_DEPS}")
  set_property(GLOBAL PROPERTY BATON_FUZZERS_${name} "${fuzzers}")
endfunction()

# The test and fuzz programs of every module, made last: they may use modules of any layer.
function(baton_tests)
  get_property(modules GLOBAL PROPERTY BATON_MODULES)
  foreach(name ${modules})
    get_property(tests GLOBAL PROPERTY BATON_TESTS_${name})
    get_property(test_deps GLOBAL PROPERTY BATON_TEST_DEPS_${name})
    if(BATON_BUILD_TESTS AND tests)
      add_executable(${name}_test ${tests})
      target_link_libraries(${name}_test PRIVATE baton_${name} ${test_deps} baton_flags
        GTest::gmock GTest::gtest_main)
      add_test(NAME ${name}_test COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
      set_tests_properties(${name}_test PROPERTIES LABELS unit TIMEOUT 170)
    endif()
    get_property(fuzzers GLOBAL PROPERTY BATON_FUZZERS_${name})
    foreach(source ${fuzzers})
      baton_fuzzer(${name} ${source})
    endforeach()
  endforeach()
endfunction()

# With BATON_FUZZ a libFuzzer program; otherwise, with the tests, the same code replaying its
# corpus in tests/corpus/<target>.
function(baton_fuzzer module source)
  get_filename_component(target ${source} NAME_WE)
  set(corpus ${CMAKE_SOURCE_DIR}/tests/corpus/${target})
  if(BATON_FUZZ)
    add_executable(${target} ${source})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  elseif(BATON_BUILD_TESTS)
    add_executable(${target} ${source} ${CMAKE_SOURCE_DIR}/tests/replay_corpus.cc)
    add_test(NAME ${target} COMMAND ${target} ${corpus})
    set_tests_properties(${target} PROPERTIES LABELS unit TIMEOUT 60)
  else()
    return()
  endif()
  target_link_libraries(${target} PRIVATE baton_${module} baton_flags)
endfunction()

# baton_proto(NAME proto…): proto/<proto>.proto as the library baton_NAME; the generated code
# lives in the build tree and is included as "proto/<proto>.pb.h".
function(baton_proto name)
  set(out ${CMAKE_BINARY_DIR}/generated/proto)
  file(MAKE_DIRECTORY ${out})
  set(generated)
  foreach(proto ${ARGN})
    set(source ${CMAKE_SOURCE_DIR}/proto/${proto}.proto)
    set(files ${out}/${proto}.pb.cc ${out}/${proto}.pb.h
              ${out}/${proto}.grpc.pb.cc ${out}/${proto}.grpc.pb.h)
    add_custom_command(
      OUTPUT ${files}
      COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR} --cpp_out=${CMAKE_BINARY_DIR}/generated
              --grpc_out=${CMAKE_BINARY_DIR}/generated
              --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${source}
      DEPENDS ${source} VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  add_library(baton_${name} STATIC ${generated})
  target_include_directories(baton_${name} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(baton_${name} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
  set_target_properties(baton_${name} PROPERTIES UNITY_BUILD OFF)
endfunction()
