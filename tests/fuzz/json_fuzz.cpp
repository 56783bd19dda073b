// links: suan_api suan_proto
// The JSON decoder takes any bytes without harm, and what it accepts survives a round trip.
#include "api/json/decode.hpp"
#include "api/json/encode.hpp"
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "suan/testing.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    suan::testing::Everything message;
    const auto fault = suan::api::json::find_fault(text, message);
    if (fault) {
        SUAN_ASSERT(!fault->message.empty());
        SUAN_ASSERT(fault->offset <= size);
        SUAN_ASSERT(suan::is_utf8(fault->message));
        return 0;
    }
    suan::testing::Everything again;
    const std::string written = suan::api::json::encode(message);
    SUAN_ASSERT(suan::api::json::decode(written, again).has_value());
    SUAN_ASSERT(suan::api::json::encode(again) == written);
    return 0;
}
