// links: suan_bin
// Job files are written by users; whatever they hold, the answer is jobs or an error with a place.
#include "bin/job_file.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto jobs =
        suan::bin::parse_job_file({reinterpret_cast<const char*>(data), size}, suan::Time{1});
    if (!jobs && jobs.error().context.empty()) __builtin_trap();
    if (jobs && jobs->empty()) __builtin_trap();
    return 0;
}
