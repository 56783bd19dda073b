// A target with a planted fault: a fuzzer that does not find it finds nothing at all.
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.starts_with("SUA") && text.size() > 3 && text[3] == 'N') std::abort();
    return 0;
}
