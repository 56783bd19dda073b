// Helpers of the trace tests: inline files, gzip, and the real traces where they are present.
#pragma once

#include "sim/traces/input.hpp"

#include <gtest/gtest.h>

#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace suan::sim::testing {

inline Input inline_file(std::string_view text) {
    return Input::bytes("test.csv", text);
}

// The folder of real traces: $SUAN_SHARED, else "shared" beside the source tree.
inline std::filesystem::path shared_folder() {
    if (const char* shared = std::getenv("SUAN_SHARED")) return shared;
    const char* source = std::getenv("SUAN_SOURCE_DIR");
    return std::filesystem::path(source != nullptr ? source : ".") / ".." / "shared";
}

inline std::string gzip(std::string_view text) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace suan::sim::testing

// Binds `path` to a real trace file, or skips the test where the file is absent.
#define SUAN_REAL_TRACE(path, relative)                                                         \
    const std::string path =                                                                    \
        (::suan::sim::testing::shared_folder() / "traces" / (relative)).string();               \
    if (!std::filesystem::exists(path)) {                                                       \
        GTEST_SKIP() << path << " is absent; set SUAN_SHARED to the folder that holds traces/"; \
    }
