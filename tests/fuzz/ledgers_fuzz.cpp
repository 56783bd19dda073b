// links: suan_settle
// What a tenant or an auditor is handed: any bytes are a proof, answers or an id, or an error,
// never a crash; what was read is written alike. The first byte chooses the reader.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "settle/answer_stream.hpp"
#include "settle/id_text.hpp"
#include "settle/signed_proof.hpp"

#include <cstdint>

namespace {

using namespace suan;
using namespace suan::settle;

void proof(std::string_view bytes) {
    const auto decoded = decode_proof(bytes);
    if (!decoded) return;
    SUAN_ASSERT(encode_proof(*decoded) == bytes);
    static_cast<void>(verify_proof(decoded->proof));
}

void id(std::string_view text) {
    const auto parsed = parse_id<ledger::AccountId>(text);
    if (parsed) SUAN_ASSERT(parse_id<ledger::AccountId>(id_text(*parsed)) == parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes = as_text({data + 1, size - 1});
    switch (data[0] % 3U) {
        case 0:
            proof(bytes);
            break;
        case 1:
            static_cast<void>(decode_answers(bytes).has_value());
            break;
        default:
            id(bytes);
    }
    return 0;
}
