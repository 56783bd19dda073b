#include "log/memory/memory_log.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::log {
namespace {

Error not_found(std::string context) {
    return Error{ErrorCode::not_found, std::move(context)};
}

Error refused() {
    return Error{ErrorCode::unavailable, "an earlier write failed: open the log again"};
}

}  // namespace

Result<void> MemorySnapshots::put(Seq seq, const Hash256& state_digest, std::string_view body) {
    const std::lock_guard lock(mutex_);
    stored_[seq] =
        Stored{SnapshotInfo{seq, state_digest, crypto::sm3(body), body.size()}, std::string(body)};
    while (stored_.size() > limits::snapshots_kept)
        stored_.erase(stored_.begin());
    return {};
}

Result<std::vector<SnapshotInfo>> MemorySnapshots::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<SnapshotInfo> out;
    for (auto at = stored_.rbegin(); at != stored_.rend(); ++at)
        out.push_back(at->second.info);
    return out;
}

Result<std::string> MemorySnapshots::read(Seq seq) const {
    const std::lock_guard lock(mutex_);
    const auto at = stored_.find(seq);
    if (at == stored_.end()) return not_found(fmt::format("snapshot {}: none stored", seq));
    const Hash256 found = crypto::sm3(at->second.body);
    if (found == at->second.info.body_sm3) return at->second.body;
    return Error{ErrorCode::corrupt, fmt::format("snapshot {}: expected SM3 {}, found {}", seq,
                                                 to_hex(at->second.info.body_sm3), to_hex(found))};
}

void MemorySnapshots::damage(Seq seq, std::size_t offset) {
    const std::lock_guard lock(mutex_);
    char& byte = stored_.at(seq).body.at(offset);
    byte = char(byte ^ 1);
}

Head MemoryLog::head() const {
    const std::lock_guard lock(mutex_);
    return head_locked();
}

Head MemoryLog::head_locked() const {
    Head head;
    head.last_seq = entries_.size();
    head.last_block_hash = id_;
    if (blocks_.empty()) return head;
    head.last_block = blocks_.size();
    head.last_block_seq = blocks_.back().header.last_seq;
    head.last_block_hash = block_hash(blocks_.back().header);
    return head;
}

Result<void> MemoryLog::append(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    if (failed_) return refused();
    auto allowed = check_batch(head_locked(), batch);
    if (!allowed) return allowed;
    if (fail_in_ != 0 && --fail_in_ == 0) {
        failed_ = true;
        keep_part(batch, fail_kept_);
        return fail_with_;
    }
    if (batch.also) {
        auto done = batch.also();
        if (!done) {
            failed_ = true;
            return done;
        }
    }
    keep(batch.entries, batch.payloads);
    return {};
}

void MemoryLog::keep_part(const Batch& batch, Kept kept) {
    if (kept == Kept::none) return;
    const std::size_t count =
        kept == Kept::all ? batch.entries.size() : (batch.entries.size() + 1) / 2;
    keep(batch.entries.first(count), batch.payloads);
}

void MemoryLog::keep(std::span<const std::string_view> entries, std::span<const Payload> payloads) {
    entries_.insert(entries_.end(), entries.begin(), entries.end());
    for (const Payload& payload : payloads)
        payloads_.emplace(payload.hash, payload.body);
}

Result<void> MemoryLog::for_each(Seq first, Seq last, const EntryVisitor& visit) const {
    SUAN_ASSERT(first >= 1);
    for (Seq seq = first; seq <= last; ++seq) {
        std::string entry;
        {
            const std::lock_guard lock(mutex_);
            if (seq > entries_.size()) return {};
            entry = entries_[seq - 1];
        }
        auto next = visit(seq, entry);
        if (!next) return std::move(next).error();
        if (*next == Next::stop) return {};
    }
    return {};
}

Result<std::string> MemoryLog::payload(const Hash256& hash) const {
    const std::lock_guard lock(mutex_);
    const auto at = payloads_.find(hash);
    if (at == payloads_.end()) {
        return not_found(fmt::format("payload {}: none stored", to_hex(hash)));
    }
    return at->second;
}

Result<void> MemoryLog::put_block(const SealedBlock& block) {
    const std::lock_guard lock(mutex_);
    if (failed_) return refused();
    auto allowed = check_next_block(head_locked(), block);
    if (!allowed) return allowed;
    blocks_.push_back(block);
    return {};
}

Result<std::size_t> MemoryLog::put_cosignatures(std::span<const BlockCosignature> list) {
    const std::lock_guard lock(mutex_);
    if (failed_) return refused();
    std::vector<SealedBlock> changed = blocks_;
    std::size_t fresh = 0;
    for (const BlockCosignature& cosignature : list) {
        if (cosignature.block == 0 || cosignature.block > changed.size()) {
            return not_found(fmt::format("block {}: none stored", cosignature.block));
        }
        auto& witnesses = changed[cosignature.block - 1].witnesses;
        const auto at = std::lower_bound(
            witnesses.begin(), witnesses.end(), cosignature.witness.key,
            [](const WitnessSignature& w, const crypto::RawPublicKey& key) { return w.key < key; });
        if (at != witnesses.end() && at->key == cosignature.witness.key) continue;
        if (witnesses.size() >= limits::witnesses_max)
            return too_many_cosignatures(cosignature.block);
        witnesses.insert(at, cosignature.witness);
        fresh += 1;
    }
    blocks_ = std::move(changed);
    return fresh;
}

Result<std::uint64_t> MemoryLog::last_cosigned(const crypto::RawPublicKey& key) const {
    const std::lock_guard lock(mutex_);
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block)
        for (const WitnessSignature& witness : block->witnesses)
            if (witness.key == key) return block->header.number;
    return 0;
}

Result<SealedBlock> MemoryLog::block(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    if (number == 0 || number > blocks_.size()) {
        return not_found(fmt::format("block {}: none stored", number));
    }
    return blocks_[number - 1];
}

Result<SealedBlock> MemoryLog::block_of(Seq seq) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::lower_bound(
        blocks_.begin(), blocks_.end(), seq,
        [](const SealedBlock& block, Seq wanted) { return block.header.last_seq < wanted; });
    if (seq == 0 || at == blocks_.end()) {
        return not_found(fmt::format("entry {}: in no closed block yet", seq));
    }
    return *at;
}

void MemoryLog::fail_append(std::uint64_t n, Error error, Kept kept) {
    const std::lock_guard lock(mutex_);
    SUAN_ASSERT(n >= 1);
    fail_in_ = n;
    fail_with_ = std::move(error);
    fail_kept_ = kept;
}

std::unique_ptr<MemoryLog> MemoryLog::reopen() const {
    auto out = std::make_unique<MemoryLog>(id_);
    const std::scoped_lock lock(mutex_, snapshots_.mutex_);
    out->entries_ = entries_;
    out->payloads_ = payloads_;
    out->blocks_ = blocks_;
    out->snapshots_.stored_ = snapshots_.stored_;
    return out;
}

void MemoryLog::drop_tail(Seq last_seq) {
    const std::lock_guard lock(mutex_);
    SUAN_ASSERT(last_seq <= entries_.size());
    entries_.resize(last_seq);
    while (!blocks_.empty() && blocks_.back().header.last_seq > last_seq)
        blocks_.pop_back();
}

void MemoryLog::replace_block(const SealedBlock& block) {
    const std::lock_guard lock(mutex_);
    blocks_.at(block.header.number - 1) = block;
}

void MemoryLog::damage(Seq seq, std::size_t offset) {
    const std::lock_guard lock(mutex_);
    char& byte = entries_.at(seq - 1).at(offset);
    byte = char(byte ^ 1);
}

}  // namespace suan::log
