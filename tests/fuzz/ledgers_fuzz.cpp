// links: suan_settle
// What a tenant or an auditor is handed, and what a tenant streams in: any bytes are a proof,
// answers, an id or batches one after another, or an error, never a crash; what was read is written
// alike. The first byte chooses the reader.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "settle/answer_stream.hpp"
#include "settle/batch.hpp"
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

// The body of POST /v1/ledgers/ID/stream, cut as src/api/ledger_stream.cpp does: a batch is never
// longer than what the hub holds of a body, and is as long as its head says.
void stream(std::string_view bytes) {
    constexpr std::size_t held_max = std::size_t{3} << 20;
    while (bytes.size() >= batch_head_bytes) {
        const Result<std::size_t> size = batch_bytes(bytes);
        if (!size) {
            SUAN_ASSERT(!size.error().context.empty());
            return;
        }
        SUAN_ASSERT(*size >= batch_head_bytes && *size <= held_max);
        if (bytes.size() < *size) return;
        const auto batch = decode_batch(bytes.substr(0, *size));
        if (!batch) SUAN_ASSERT(!batch.error().context.empty());
        if (batch) SUAN_ASSERT(batch->book == batch_book(bytes));
        bytes.remove_prefix(*size);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes = as_text({data + 1, size - 1});
    switch (data[0] % 4U) {
        case 0:
            proof(bytes);
            break;
        case 1:
            static_cast<void>(decode_answers(bytes).has_value());
            break;
        case 2:
            id(bytes);
            break;
        default:
            stream(bytes);
    }
    return 0;
}
