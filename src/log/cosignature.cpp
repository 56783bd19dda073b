#include "log/cosignature.hpp"

#include "log/codec.hpp"

#include <fmt/format.h>

namespace suan::log {
namespace {
constexpr std::string_view magic = "SUANCOS1";
}

std::string cosigned_bytes(const Hash256& log_id, const BlockHeader& header) {
    std::string out(magic);
    append_fixed(out, log_id);
    return out.append(encode_header(header));
}

Result<WitnessSignature> cosign(const Hash256& log_id, const BlockHeader& header,
                                const crypto::PrivateKey& key) {
    auto signature = key.sign(cosigned_bytes(log_id, header));
    if (signature) return WitnessSignature{key.public_key().raw(), *signature};
    return std::move(signature).error().wrap(fmt::format("co-sign block {}", header.number));
}

bool verify_cosignature(const Hash256& log_id, const BlockHeader& header,
                        const WitnessSignature& witness) {
    const auto key = crypto::PublicKey::from_raw(as_text(witness.key));
    return key && key->verify(cosigned_bytes(log_id, header), witness.signature);
}

}  // namespace suan::log
