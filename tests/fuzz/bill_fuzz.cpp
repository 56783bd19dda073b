// links: suan_runtime suan_core suan_log suan_crypto suan_proto
// Bills. An even first byte: a bill file of any bytes is read alike or refused. An odd one: entries
// of a log whose operator signs anything; the bill that is made of it is judged without a crash.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "log/memory/memory_log.hpp"
#include "pieces.hpp"
#include "runtime/bill.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

// Signs nothing real.
const suan::crypto::PrivateKey& key() {
    static const auto made = suan::crypto::PrivateKey::from_text(
        "-----BEGIN PRIVATE KEY-----\n"
        "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgMn7yewFTy9gO8u7j\n"
        "RzLlbw08iaoHbUukfMkdG+4plaWhRANCAARDLxAtobP74JnclrmMjkZXkG45niWE\n"
        "9l6iBe1lIgROz59Exlsen1P1lrqYqiUB/el86vZg1G1L9Phb8GnPem5L\n"
        "-----END PRIVATE KEY-----\n");
    SUAN_ASSERT(made.has_value());
    return *made;
}

void read_file(std::string_view input) {
    const auto bundle = suan::log::decode_bill_bundle(input);
    if (!bundle) {
        SUAN_ASSERT(!bundle.error().context.empty());
        return;
    }
    SUAN_ASSERT(suan::log::encode_bill_bundle(*bundle) == input);
    const auto checked = suan::runtime::verify_bill(*bundle, key().public_key());
    if (!checked) SUAN_ASSERT(!checked.error().context.empty());
}

// False when the log takes no such entries.
bool write_log(suan::log::MemoryLog& log, std::string_view input) {
    const auto entries = suan::fuzz::pieces_of(input);
    suan::log::Batch batch;
    batch.first_seq = 1;
    batch.entries = entries;
    if (entries.empty() || !log.append(batch)) return false;
    suan::log::BlockBuilder blocks(log.head(), key().public_key());
    if (entries.size() > blocks.room()) return false;
    blocks.add(entries, suan::Time{1'000'000});
    const auto block = suan::log::seal(blocks.close(suan::Time{2'000'000}, suan::Hash256{}), key());
    SUAN_ASSERT(block.has_value());
    return log.put_block(*block).has_value();
}

void bill_of(std::string_view input) {
    suan::log::MemoryLog log(suan::Hash256{1});
    if (!write_log(log, input)) return;
    const auto bundle = suan::runtime::make_bill(log, key().public_key(), suan::OrgId{1}, 1);
    if (!bundle) {
        SUAN_ASSERT(!bundle.error().context.empty());
        return;
    }
    const std::string bytes = suan::log::encode_bill_bundle(*bundle);
    SUAN_ASSERT(suan::log::decode_bill_bundle(bytes).has_value());
    read_file(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    google::protobuf::SetLogHandler(nullptr);
    if (size == 0) return 0;
    const std::string_view input = suan::as_text({data + 1, size - 1});
    (data[0] % 2 == 0 ? read_file : bill_of)(input);
    return 0;
}
