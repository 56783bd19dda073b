#include "log/export.hpp"

#include "log/codec.hpp"
#include "log/frames.hpp"

#include <fmt/format.h>

namespace suan::log {
namespace {

constexpr std::string_view magic = "SUANEXP1";

}  // namespace

Result<Verified> export_log(const Log& log, const crypto::PublicKey& operator_key,
                            std::ostream& out) {
    FrameWriter writer(out);
    std::string head(magic);
    append_fixed(head, log.id());
    append_fixed(head, operator_key.raw());
    writer.head(head);
    VerifyOptions options;
    options.each_entry = [&](Seq seq, std::string_view entry) { return writer.entry(seq, entry); };
    options.each_block = [&](const SealedBlock& block) { return writer.block(block); };
    auto verified = verify_log(log, operator_key, options);
    if (!verified) return verified;
    auto ended = writer.end(verified->entries, verified->blocks);
    if (!ended) return std::move(ended).error();
    return verified;
}

Result<Exported> read_export(std::istream& in, const ExportReading& reading) {
    FrameReader reader(in, "export");
    auto head = reader.head(magic.size() + 32 + 65);
    if (!head) return std::move(head).error();
    ByteReader fields(*head, "export");
    fields.expect(magic, "magic");
    const Hash256 log_id = fields.hash("log id");
    const crypto::RawPublicKey raw_key = fields.fixed<65>("operator key");
    if (!fields.ok()) return fields.error();
    auto key = crypto::PublicKey::from_raw(as_text(raw_key));
    if (!key) return Error{ErrorCode::corrupt, "export: operator key: " + key.error().context};
    if (reading.trusted && !(*reading.trusted == *key)) {
        return Error{ErrorCode::corrupt,
                     fmt::format("export: operator key: expected {}, found {}",
                                 to_hex(reading.trusted->raw()), to_hex(raw_key))};
    }
    if (reading.start) reading.start(log_id, *key);
    ChainVerifier verifier(log_id, *key);
    const auto entry = [&](Seq seq, std::string_view bytes) {
        auto good = verifier.entry(seq, bytes);
        return good && reading.each_entry ? reading.each_entry(seq, bytes) : good;
    };
    const auto block = [&](const SealedBlock& sealed) {
        auto good = verifier.block(sealed);
        return good && reading.each_block ? reading.each_block(sealed) : good;
    };
    auto end = reader.frames(entry, block);
    if (!end) return std::move(end).error();
    const Verified& found = verifier.so_far();
    if (end->last_seq != found.entries || end->last_block != found.blocks) {
        return Error{ErrorCode::corrupt,
                     fmt::format("end frame: expected {} entries, {} blocks, found {}, {}",
                                 end->last_seq, end->last_block, found.entries, found.blocks)};
    }
    return Exported{log_id, *key, verifier.so_far()};
}

}  // namespace suan::log
