#include "api/views_witnesses.hpp"

#include "crypto/sm3.hpp"

namespace suan::api {

void fill(std::uint32_t id, const core::Witness& witness, WitnessView& out) {
    out.set_id(id);
    out.set_name(witness.name);
    out.set_title(witness.title);
    out.set_public_key(std::string(as_text(witness.key)));
    out.set_public_key_sm3(std::string(as_text(crypto::sm3(as_text(witness.key)))));
    out.set_from_seq(witness.from_seq);
    out.set_registered_us(witness.registered.us);
    out.set_until_seq(witness.until_seq);
    out.set_removed_us(witness.removed.us);
    out.set_reason(witness.reason);
}

Result<void> fill_standing(const log::Log& log, WitnessView& view) {
    crypto::RawPublicKey key{};
    const std::string_view raw = view.public_key();
    std::copy(raw.begin(), raw.end(), key.begin());
    auto last = log.last_cosigned(key);
    if (!last) return std::move(last).error();
    view.set_last_block(*last);
    if (view.until_seq() != 0) return {};
    const log::Head head = log.head();
    std::uint64_t from = *last + 1;
    if (*last == 0) {
        if (view.from_seq() > head.last_block_seq) return {};
        const auto block = log.block_of(view.from_seq());
        if (!block) return block.error();
        from = block->header.number;
    }
    view.set_lag_blocks(head.last_block + 1 - std::min(from, head.last_block + 1));
    return {};
}

}  // namespace suan::api
