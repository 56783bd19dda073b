#include "log/verify.hpp"

#include "crypto/sm3.hpp"
#include "log/entry.hpp"

#include <fmt/format.h>

namespace suan::log {
namespace {

Error differs(std::string_view what, std::string_view field, const std::string& expected,
              const std::string& found) {
    return Error{ErrorCode::corrupt,
                 fmt::format("{}: {}: expected {}, found {}", what, field, expected, found)};
}

}  // namespace

ChainVerifier::ChainVerifier(const Hash256& log_id, const crypto::PublicKey& operator_key)
    : operator_key_(operator_key), previous_(log_id) {}

ChainVerifier::ChainVerifier(const BlockHeader& trusted, const crypto::PublicKey& operator_key)
    : operator_key_(operator_key),
      next_number_(trusted.number + 1),
      block_first_seq_(trusted.last_seq + 1),
      next_seq_(trusted.last_seq + 1),
      previous_(block_hash(trusted)) {
    so_far_.last_block_seq = trusted.last_seq;
}

Result<void> ChainVerifier::entry(Seq seq, std::string_view bytes) {
    if (seq != next_seq_) {
        return Error{ErrorCode::corrupt,
                     fmt::format("entry {}: expected entry {} here", seq, next_seq_)};
    }
    hashes_.push_back(entry_hash(bytes));
    next_seq_ += 1;
    so_far_.entries += 1;
    return {};
}

Result<void> ChainVerifier::follows(const BlockHeader& header) const {
    const std::string name = fmt::format("block {}", header.number);
    if (header.number != next_number_) {
        return differs(name, "number", std::to_string(next_number_), std::to_string(header.number));
    }
    if (header.previous != previous_) {
        return differs(name, "previous", to_hex(previous_), to_hex(header.previous));
    }
    if (header.first_seq != block_first_seq_) {
        return differs(name, "first_seq", std::to_string(block_first_seq_),
                       std::to_string(header.first_seq));
    }
    if (header.last_seq < header.first_seq || header.last_seq >= next_seq_) {
        return differs(name, "last_seq", fmt::format("{} to {}", header.first_seq, next_seq_ - 1),
                       std::to_string(header.last_seq));
    }
    return {};
}

Result<void> ChainVerifier::block(const SealedBlock& block) {
    const BlockHeader& header = block.header;
    auto good = follows(header);
    if (!good) return good;
    const auto end = hashes_.begin() + std::ptrdiff_t(header.entry_count());
    const Hash256 root = entries_root({hashes_.begin(), end});
    if (root != header.merkle_root) {
        return differs(fmt::format("block {}, entries {} to {}", header.number, header.first_seq,
                                   header.last_seq),
                       "Merkle root", to_hex(header.merkle_root), to_hex(root));
    }
    good = verify_signatures(block, operator_key_);
    if (!good) return good;
    hashes_.erase(hashes_.begin(), end);
    next_number_ += 1;
    block_first_seq_ = header.last_seq + 1;
    previous_ = block_hash(header);
    so_far_.blocks += 1;
    so_far_.last_block_seq = header.last_seq;
    return {};
}

namespace {

Result<ChainVerifier> starting_point(const Log& log, const crypto::PublicKey& operator_key,
                                     std::uint64_t after_block) {
    if (after_block == 0) return ChainVerifier(log.id(), operator_key);
    auto trusted = log.block(after_block);
    if (!trusted) return std::move(trusted).error();
    auto signatures = verify_signatures(*trusted, operator_key);
    if (!signatures) return std::move(signatures).error();
    return ChainVerifier(trusted->header, operator_key);
}

Result<void> pass_entries(const Log& log, Seq last, ChainVerifier& verifier,
                          const VerifyOptions& options) {
    const Seq first = verifier.next_seq();
    if (first > last) return {};
    auto read = log.for_each(first, last, [&](Seq seq, std::string_view bytes) -> Result<Next> {
        auto good = verifier.entry(seq, bytes);
        if (good && options.each_entry) good = options.each_entry(seq, bytes);
        if (!good) return std::move(good).error();
        return Next::more;
    });
    if (!read) return read;
    if (verifier.next_seq() == last + 1) return {};
    return Error{ErrorCode::corrupt, fmt::format("entry {}: expected entries up to {}, found none",
                                                 verifier.next_seq(), last)};
}

}  // namespace

Result<Verified> verify_log(const Log& log, const crypto::PublicKey& operator_key,
                            const VerifyOptions& options) {
    const Head head = log.head();
    auto verifier = starting_point(log, operator_key, options.after_block);
    if (!verifier) return std::move(verifier).error();
    for (std::uint64_t number = options.after_block + 1; number <= head.last_block; ++number) {
        auto block = log.block(number);
        if (!block) return std::move(block).error();
        // A block that claims entries past the head is caught by the verifier.
        const Seq last = std::min(block->header.last_seq, head.last_seq);
        auto good = pass_entries(log, last, *verifier, options);
        if (good) good = verifier->block(*block);
        if (good && options.each_block) good = options.each_block(*block);
        if (!good) return std::move(good).error();
    }
    auto good = pass_entries(log, head.last_seq, *verifier, options);
    if (!good) return std::move(good).error();
    return verifier->so_far();
}

}  // namespace suan::log
