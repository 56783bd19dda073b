// base/bytes: hexadecimal text goes there and back, and UTF-8 is judged without reading past the
// end.
#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = suan::as_text({data, size});

    const std::string hex = suan::to_hex({data, size});
    const auto back = suan::from_hex(hex);
    SUAN_ASSERT(back.has_value());
    SUAN_ASSERT(*back == text);

    if (const auto bytes = suan::from_hex(text)) SUAN_ASSERT(bytes->size() * 2 == text.size());
    // A prefix of well-formed UTF-8 that ends before a new character is well formed too.
    if (suan::is_utf8(text) && !text.empty()) {
        std::size_t last = text.size() - 1;
        while (last > 0 && (data[last] & 0xC0) == 0x80)
            --last;
        SUAN_ASSERT(suan::is_utf8(text.substr(0, last)));
    }
    return 0;
}
