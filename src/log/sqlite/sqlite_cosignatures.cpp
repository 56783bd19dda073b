// Witnesses' signatures, in two tables of their own: `cosignature` under block and key, `cosigner`
// with the newest block of each key.
#include "base/limits.hpp"
#include "log/codec.hpp"
#include "log/sqlite/sqlite_log.hpp"

#include <fmt/format.h>

#include <sqlite3.h>

#include <algorithm>

namespace suan::log {

Result<SealedBlock> SqliteLog::with_cosignatures(SealedBlock block) const {
    if (!cosignatures_there_) return block;
    const std::lock_guard lock(read_mutex_);
    StatementUse select(reads_.cosignatures);
    select->bind(1, block.header.number);
    for (;;) {
        auto row = select->step();
        if (!row) return std::move(row).error();
        if (!*row) return block;
        WitnessSignature witness;
        const std::string both = std::string(select->blob(0)).append(select->blob(1));
        ByteReader in(both, fmt::format("co-signature of block {}", block.header.number));
        witness.key = in.fixed<65>("key");
        witness.signature = in.fixed<64>("signature");
        in.expect_end();
        if (!in.ok()) return in.error();
        block.witnesses.push_back(witness);
    }
}

Result<std::uint64_t> SqliteLog::last_cosigned(const crypto::RawPublicKey& key) const {
    if (!cosignatures_there_) return std::uint64_t{0};
    const std::lock_guard lock(read_mutex_);
    StatementUse select(reads_.cosigner);
    select->bind(1, as_text(key));
    auto row = select->step();
    if (!row) return std::move(row).error();
    return *row ? select->number(0) : std::uint64_t{0};
}

// Whether it is new.
Result<bool> SqliteLog::write_cosignature(const BlockCosignature& cosignature) {
    const std::string_view key = as_text(cosignature.witness.key);
    auto done = writes_.cosignature.bind(1, cosignature.block)
                    .bind(2, key)
                    .bind(3, as_text(cosignature.witness.signature))
                    .run();
    if (!done) return std::move(done).error();
    const bool fresh = sqlite3_changes(writer_.handle()) > 0;
    done = writes_.cosigner.bind(1, key).bind(2, cosignature.block).run();
    if (!done) return std::move(done).error();
    return fresh;
}

Result<std::size_t> SqliteLog::write_cosignatures(std::span<const BlockCosignature> list) {
    std::size_t fresh = 0;
    for (const BlockCosignature& cosignature : list) {
        auto written = write_cosignature(cosignature);
        if (!written) return std::move(written).error();
        fresh += *written ? 1 : 0;
    }
    return fresh;
}

Result<std::size_t> SqliteLog::put_cosignatures(std::span<const BlockCosignature> list) {
    const std::lock_guard lock(write_mutex_);
    auto allowed = writable();
    if (!allowed) return std::move(allowed).error();
    // What is wrong with the list must show before the transaction: a failed one ends the log.
    for (const BlockCosignature& cosignature : list) {
        if (cosignature.block == 0) return block_bytes(0).error();
        const auto stored = block(cosignature.block);
        if (!stored) return stored.error();
        const auto same_key = [&](const WitnessSignature& other) {
            return other.key == cosignature.witness.key;
        };
        const auto& witnesses = stored->witnesses;
        const bool known = std::any_of(witnesses.begin(), witnesses.end(), same_key);
        if (!known && witnesses.size() >= limits::witnesses_max)
            return too_many_cosignatures(cosignature.block);
    }
    std::size_t fresh = 0;
    auto done = commit([&]() -> Result<void> {
        auto written = write_cosignatures(list);
        if (!written) return std::move(written).error();
        fresh = *written;
        return {};
    });
    if (!done) return std::move(done).error().wrap("store co-signatures");
    return fresh;
}

}  // namespace suan::log
