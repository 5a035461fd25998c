# The compiler and what every target is compiled with.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "Baton is built with clang 19 or newer; CMake found ${CMAKE_CXX_COMPILER_ID} "
    "${CMAKE_CXX_COMPILER_VERSION} at ${CMAKE_CXX_COMPILER}.\n"
    "g++ 12 miscompiles coroutines (docs/decisions/001-clang-only.md).\n"
    "Run scripts/install-deps.sh, then use a preset: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_link_options(-fuse-ld=lld)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(baton_flags INTERFACE)
target_compile_options(baton_flags INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)
target_compile_definitions(baton_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_FENCED_BLOCK)
target_include_directories(baton_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
