#include "log/log.hpp"

#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "log/entry.hpp"

#include <fmt/format.h>

namespace suan::log {
namespace {

Error invalid(std::string context) {
    return Error{ErrorCode::invalid, std::move(context)};
}

}  // namespace

Result<std::string> entry_at(const Log& log, Seq seq) {
    std::string found;
    bool seen = false;
    auto read = log.for_each(seq, seq, [&](Seq, std::string_view entry) -> Result<Next> {
        found.assign(entry);
        seen = true;
        return Next::stop;
    });
    if (!read) return std::move(read).error();
    if (!seen) return Error{ErrorCode::not_found, fmt::format("entry {}: not in the log", seq)};
    return found;
}

Result<std::vector<Hash256>> entry_hashes(const Log& log, Seq first, Seq last) {
    // A block's entries are copied, to be hashed side by side.
    std::vector<std::string> entries;
    auto read = log.for_each(first, last, [&](Seq, std::string_view entry) -> Result<Next> {
        entries.emplace_back(entry);
        return Next::more;
    });
    if (!read) return std::move(read).error();
    const std::vector<std::string_view> views(entries.begin(), entries.end());
    std::vector<Hash256> hashes(entries.size());
    entry_hashes(views, hashes);
    if (hashes.size() != last - first + 1) {
        return Error{ErrorCode::not_found, fmt::format("entries {} to {}: only {} in the log",
                                                       first, last, hashes.size())};
    }
    return hashes;
}

Result<void> check_batch(const Head& head, const Batch& batch) {
    if (batch.entries.empty()) return invalid("append: expected at least one entry, found none");
    if (batch.first_seq != head.last_seq + 1) {
        return invalid(fmt::format("append: first_seq: expected {}, found {}", head.last_seq + 1,
                                   batch.first_seq));
    }
    std::size_t total = 0;
    for (std::size_t i = 0; i < batch.entries.size(); ++i) {
        const std::size_t size = batch.entries[i].size();
        total += size;
        if (size >= 1 && size <= limits::entry_bytes_max) continue;
        return invalid(fmt::format("append: entry {}: expected 1 to {} bytes, found {}",
                                   batch.first_seq + i, limits::entry_bytes_max, size));
    }
    if (total > limits::append_bytes_max) {
        return invalid(fmt::format("append: expected at most {} bytes in one batch, found {}",
                                   limits::append_bytes_max, total));
    }
    return {};
}

Result<void> check_next_block(const Head& head, const SealedBlock& block) {
    const BlockHeader& header = block.header;
    if (header.number != head.last_block + 1) {
        return invalid(fmt::format("block: number: expected {}, found {}", head.last_block + 1,
                                   header.number));
    }
    if (header.first_seq != head.last_block_seq + 1) {
        return invalid(fmt::format("block {}: first_seq: expected {}, found {}", header.number,
                                   head.last_block_seq + 1, header.first_seq));
    }
    if (header.last_seq < header.first_seq || header.last_seq > head.last_seq) {
        return invalid(fmt::format("block {}: last_seq: expected {} to {}, found {}", header.number,
                                   header.first_seq, head.last_seq, header.last_seq));
    }
    if (header.previous != head.last_block_hash) {
        return invalid(fmt::format("block {}: previous: expected {}, found {}", header.number,
                                   to_hex(head.last_block_hash), to_hex(header.previous)));
    }
    return {};
}

Error too_many_cosignatures(std::uint64_t block) {
    return Error{ErrorCode::exhausted, fmt::format("block {}: has {} co-signatures already", block,
                                                   limits::witnesses_max)};
}

}  // namespace suan::log
