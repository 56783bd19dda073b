# Helpers of the build. Sources are globbed, so a file on disk is always part of the build:
# a test that exists but is not compiled is worse than no test.

set(SUAN_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND SUAN_WARNINGS -Wno-restrict) # false alarm of g++ 12 on std::string
else()
    list(APPEND SUAN_WARNINGS -Wno-sign-conversion) # clang counts it as -Wconversion, g++ does not
endif()

add_library(suan_options INTERFACE)
target_include_directories(suan_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(suan_options INTERFACE ${SUAN_WARNINGS} -ffp-contract=off)
if(SUAN_SANITIZE)
    add_compile_options(-fsanitize=${SUAN_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${SUAN_SANITIZE})
    if(SUAN_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
    if(SUAN_SANITIZE MATCHES "thread")
        # The thread sanitizer does not see fences. Asio's only double what its mutexes order.
        add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
    endif()
    # g++ 12 raises false alarms inside libstdc++ when sanitizers change inlining.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(suan_options INTERFACE -Wno-maybe-uninitialized
                                                      -Wno-stringop-overflow -Wno-array-bounds)
    endif()
endif()
if(SUAN_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# suan_proto(NAME): compiles proto/suan/*.proto into a static library.
function(suan_proto name)
    file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/suan/*.proto)
    set(out ${CMAKE_BINARY_DIR}/proto)
    file(MAKE_DIRECTORY ${out})
    set(sources)
    foreach(proto ${protos})
        get_filename_component(stem ${proto} NAME_WE)
        set(cc ${out}/suan/${stem}.pb.cc)
        add_custom_command(
            OUTPUT ${cc} ${out}/suan/${stem}.pb.h
            COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/proto --cpp_out=${out} ${proto}
            DEPENDS ${protos}
            COMMENT "protoc ${stem}.proto")
        list(APPEND sources ${cc})
    endforeach()
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} SYSTEM PUBLIC ${out})
    target_link_libraries(${name} PUBLIC protobuf::libprotobuf)
endfunction()

# suan_library(FOLDER LINK deps...): src/FOLDER as a static library suan_FOLDER, and its *_test.cpp
# files as one test program suan_FOLDER_test.
function(suan_library folder)
    cmake_parse_arguments(A "" "" "LINK" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
    set(tests ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    set(lib suan_${folder})
    add_library(${lib} STATIC ${sources} ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
    target_link_libraries(${lib} PUBLIC suan_options ${A_LINK})
    if(tests)
        add_executable(${lib}_test ${tests})
        target_link_libraries(${lib}_test PRIVATE ${lib} suan_options GTest::gtest GTest::gmock GTest::gtest_main)
        add_test(NAME ${folder} COMMAND ${lib}_test)
        set_tests_properties(${folder} PROPERTIES ENVIRONMENT "SUAN_SOURCE_DIR=${CMAKE_SOURCE_DIR}" TIMEOUT 900)
    endif()
endfunction()

# suan_program(NAME LINK deps...): src/bin as the one program, tests beside it as suan_bin_test.
function(suan_program name)
    cmake_parse_arguments(A "" "" "LINK" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/bin/*.cpp)
    set(tests ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    add_library(suan_bin STATIC ${sources} ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
    target_link_libraries(suan_bin PUBLIC suan_options ${A_LINK})
    if(EXISTS ${CMAKE_SOURCE_DIR}/src/bin/main.cpp)
        add_executable(${name} ${CMAKE_SOURCE_DIR}/src/bin/main.cpp)
        target_link_libraries(${name} PRIVATE suan_bin)
        # Sanitizers bring an allocator of their own.
        if(NOT SUAN_SANITIZE AND NOT SUAN_FUZZ)
            find_library(SUAN_JEMALLOC jemalloc REQUIRED)
            target_link_libraries(${name} PRIVATE -Wl,--no-as-needed ${SUAN_JEMALLOC})
        endif()
    endif()
    if(tests)
        add_executable(suan_bin_test ${tests})
        target_link_libraries(suan_bin_test PRIVATE suan_bin GTest::gtest GTest::gmock GTest::gtest_main)
        add_test(NAME bin COMMAND suan_bin_test)
        set_tests_properties(bin PROPERTIES ENVIRONMENT "SUAN_SOURCE_DIR=${CMAKE_SOURCE_DIR}" TIMEOUT 900)
    endif()
endfunction()
