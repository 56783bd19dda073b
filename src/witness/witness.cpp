#include "witness/witness.hpp"

#include "base/limits.hpp"
#include "crypto/random.hpp"
#include "log/segment.hpp"
#include "runtime/recover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace suan::witness {
namespace {

std::uint64_t draw_random(std::uint64_t bound) {
    return 1 + read_u64(crypto::random_bytes(8), 0) % (bound - 1);
}

std::string short_hex(const Hash256& hash) {
    return to_hex(hash).substr(0, 16);
}

}  // namespace

Witness::Witness(Source& source, Store& store, const crypto::PrivateKey& key, Options options)
    : source_(source), store_(store), key_(key), options_(std::move(options)) {
    if (!options_.draw) options_.draw = draw_random;
}

Result<std::unique_ptr<Witness>> Witness::open(Source& source, Store& store,
                                               const crypto::PrivateKey& key, Options options) {
    std::unique_ptr<Witness> witness(new Witness(source, store, key, std::move(options)));
    auto loaded = witness->load();
    if (!loaded) return std::move(loaded).error();
    return witness;
}

Result<void> Witness::load() {
    auto alarm = store_.alarm();
    if (!alarm) return std::move(alarm).error();
    alarm_ = std::move(*alarm);
    if (!store_.identity()) return {};
    const Identity& identity = *store_.identity();
    if (identity.witness_key != key_.public_key().raw())
        return Error{
            ErrorCode::invalid,
            fmt::format("{} belongs to another witness key: a key and a folder go together",
                        store_.folder().string())};
    auto operator_key = crypto::PublicKey::from_raw(as_text(identity.operator_key));
    if (!operator_key) return std::move(operator_key).error();
    if (options_.operator_key && !(*options_.operator_key == *operator_key))
        return Error{ErrorCode::invalid,
                     fmt::format("{} follows a log of another operator's key (SM3 {}...)",
                                 store_.folder().string(), short_hex(operator_key->id()))};
    chain_.emplace(identity.log_id, *operator_key);
    auto list = store_.snapshots().list();
    if (!list) return std::move(list).error();
    for (const log::SnapshotInfo& info : *list) {
        auto used = start_from(info);
        if (!used) return std::move(used).error();
        if (*used) return {};
    }
    return {};
}

// A snapshot is trusted as far as a kept block names its digest. One that does not fit costs time:
// an older one is taken, or the log from its beginning.
Result<bool> Witness::start_from(const log::SnapshotInfo& info) {
    std::uint64_t low = 1;
    std::uint64_t high = store_.last_block();
    while (low <= high) {
        const std::uint64_t middle = low + (high - low) / 2;
        auto block = store_.block(middle);
        if (!block) return std::move(block).error();
        const log::BlockHeader& header = block->header;
        if (header.last_seq < info.seq) {
            low = middle + 1;
        } else if (header.last_seq > info.seq) {
            high = middle - 1;
        } else {
            if (header.state_digest != info.state_digest) return false;
            auto state = runtime::load_snapshot(store_.snapshots(), info);
            if (!state) return false;
            const auto key = crypto::PublicKey::from_raw(as_text(store_.identity()->operator_key));
            chain_.emplace(header, *key);
            again_ = runtime::Reexecutor(std::move(*state));
            verified_block_ = middle;
            verified_seq_ = saved_seq_ = resumed_after_ = info.seq;
            return true;
        }
    }
    return false;
}

Error Witness::alarm(Finding finding, std::string message) {
    alarm_ = Alarm{finding, message, std::nullopt};
    return Error{ErrorCode::corrupt, std::move(message)};
}

Error Witness::contradiction(const log::SealedBlock& kept, const log::SealedBlock& shown) {
    const Identity& identity = *store_.identity();
    log::Evidence evidence{identity.log_id, identity.operator_key, kept, shown};
    const auto judged = log::judge(evidence);
    if (!judged)
        return alarm(Finding::broken,
                     fmt::format("the hub shows another block {}, but that is no evidence: {}",
                                 shown.header.number, judged.error().context));
    std::string message = fmt::format(
        "the operator signed two block{} that contradict each other ({}): {} {}... before, {} "
        "{}... now",
        kept.header.number == shown.header.number
            ? fmt::format("s {}", kept.header.number)
            : fmt::format("s, {} and {},", kept.header.number, shown.header.number),
        log::to_string(judged->kind), kept.header.number, short_hex(log::block_hash(kept.header)),
        shown.header.number, short_hex(log::block_hash(shown.header)));
    alarm_ = Alarm{Finding::contradiction, message, std::move(evidence)};
    auto kept_for_good = store_.raise(*alarm_);
    if (!kept_for_good) return std::move(kept_for_good).error();
    return Error{ErrorCode::corrupt, std::move(message)};
}

Result<Progress> Witness::step() {
    if (ended_) return *ended_;
    Progress progress;
    Result<void> done;
    if (!alarm_) done = look_back();
    if (!alarm_ && done) done = pull(progress);
    // What was verified before something went wrong stays verified.
    auto kept = store_.add(std::exchange(fresh_, {}));
    if (!kept) return std::move(kept).error();
    if (!alarm_ && !done) return std::move(done).error();
    progress.last_block = verified_block_;
    progress.registered = registered_at(verified_seq_);
    progress.alarm = alarm_;
    if (alarm_) return progress;
    done = hand_in(progress);
    if (!done) return std::move(done).error();
    if (verified_seq_ - saved_seq_ >= options_.snapshot_entries) done = save();
    if (!done) return std::move(done).error();
    return progress;
}

Result<void> Witness::look_back() {
    const std::uint64_t last = store_.last_block();
    if (last == 0) return {};
    auto looked = look_at(last);
    if (looked && last > 1) looked = look_at(options_.draw(last));
    if (looked && last > 1) looked = look_around(last);
    return looked;
}

// The next of the round over all blocks but the newest.
Result<void> Witness::look_around(std::uint64_t last) {
    if (next_look_ == 0) next_look_ = options_.draw(last);
    for (std::uint64_t i = 0; i < std::min(options_.looks_per_step, last - 1); ++i) {
        if (next_look_ >= last) next_look_ = 1;
        auto looked = look_at(next_look_);
        if (!looked) return looked;
        ++next_look_;
    }
    return {};
}

Result<void> Witness::look_at(std::uint64_t number) {
    auto shown = source_.block(number);
    if (!shown && shown.error().code == ErrorCode::not_found) return look_at_shorter_log();
    if (!shown) return std::move(shown).error();
    auto kept = store_.block(number);
    if (!kept) return std::move(kept).error();
    if (shown->header == kept->header) return {};
    return find_fork(number, std::move(*shown));
}

// The hub has fewer blocks than it showed before: either the same ones, cut off, or others.
Result<void> Witness::look_at_shorter_log() {
    auto bytes = source_.segment(verified_seq_ + 1);
    if (!bytes) return std::move(bytes).error();
    log::SegmentReading reading;
    reading.start = [&](const log::SegmentHead& head) { return meet(head); };
    reading.entry = [](log::Seq, std::string_view) { return Result<void>(); };
    reading.block = [](const log::SealedBlock&) { return Result<void>(); };
    auto end = log::read_segment(*bytes, reading);
    if (!end) return std::move(end).error();
    if (end->last_block > 0 && end->last_block < store_.last_block()) {
        auto looked = look_at(end->last_block);
        if (!looked) return looked;
    }
    return alarm(
        Finding::rolled_back,
        fmt::format("the hub has blocks up to {} only; before, it showed and signed blocks "
                    "up to {}",
                    end->last_block, store_.last_block()));
}

// Two histories differ from some block on. The pair at that block proves most, because both follow
// the same one.
Result<void> Witness::find_fork(std::uint64_t differs, log::SealedBlock shown) {
    std::uint64_t low = 1;
    while (low < differs) {
        const std::uint64_t middle = low + (differs - low) / 2;
        auto block = source_.block(middle);
        if (!block) return std::move(block).error();
        auto kept = store_.block(middle);
        if (!kept) return std::move(kept).error();
        if (block->header == kept->header) {
            low = middle + 1;
        } else {
            differs = middle;
            shown = std::move(*block);
        }
    }
    auto kept = store_.block(differs);
    if (!kept) return std::move(kept).error();
    return contradiction(*kept, shown);
}

Result<void> Witness::meet(const log::SegmentHead& head) {
    if (options_.operator_key && !(*options_.operator_key == head.operator_key))
        return Error{ErrorCode::invalid,
                     fmt::format("the hub's log is signed by another key than the one given: SM3 "
                                 "{}...",
                                 short_hex(head.operator_key.id()))};
    const Identity now{head.log_id, head.operator_key.raw(), key_.public_key().raw()};
    if (store_.identity()) {
        if (*store_.identity() == now) return {};
        return Error{ErrorCode::invalid,
                     fmt::format("this hub has another log ({}...) than the one that {} follows "
                                 "({}...)",
                                 short_hex(head.log_id), store_.folder().string(),
                                 short_hex(store_.identity()->log_id))};
    }
    if (now.operator_key == now.witness_key)
        return Error{ErrorCode::invalid, "the operator's own key cannot be a witness"};
    auto set = store_.set_identity(now);
    if (set) chain_.emplace(head.log_id, head.operator_key);
    return set;
}

Result<void> Witness::pull(Progress& progress) {
    const log::Seq from = verified_seq_ + entries_.size() + 1;
    auto bytes = source_.segment(from);
    if (!bytes) return std::move(bytes).error();
    log::SegmentReading reading;
    reading.start = [&](const log::SegmentHead& head) { return meet(head); };
    reading.entry = [&](log::Seq seq, std::string_view entry) -> Result<void> {
        const log::Seq expected = verified_seq_ + entries_.size() + 1;
        if (seq != expected)
            return Error{ErrorCode::corrupt,
                         fmt::format("the hub sent entry {}, expected {}", seq, expected)};
        if (entries_.size() >= limits::block_entries_max)
            return Error{ErrorCode::corrupt,
                         fmt::format("entry {}: expected a block over the {} before it", seq,
                                     limits::block_entries_max)};
        if (entries_bytes_ + entry.size() > options_.block_bytes_max)
            return Error{ErrorCode::corrupt,
                         fmt::format("entry {}: expected a block over the {} bytes before it", seq,
                                     entries_bytes_)};
        entries_.emplace_back(entry);
        entries_bytes_ += entry.size();
        ++progress.entries;
        return {};
    };
    reading.block = [&](const log::SealedBlock& sealed) { return block(sealed, progress); };
    auto end = log::read_segment(*bytes, reading);
    if (!end) return std::move(end).error();
    progress.hub_last_block = end->last_block;
    return {};
}

Result<void> Witness::block(const log::SealedBlock& shown, Progress& progress) {
    if (shown.header.number <= store_.last_block()) {
        auto same = known_block(shown);
        if (!same) return same;
    } else if (verified_block_ > 0 && shown.header.number == verified_block_ + 1) {
        // The one before may be a fresh one that is not kept yet.
        auto kept = fresh_.empty() ? store_.block(verified_block_) : fresh_.back();
        if (!kept) return std::move(kept).error();
        if (shown.header.previous != log::block_hash(kept->header))
            return contradiction(*kept, shown);
    }
    auto good = decide_again(shown);
    if (!good) return good;
    ++progress.blocks;
    if (shown.header.number <= store_.last_block()) return {};
    log::SealedBlock mine{shown.header, shown.signature, {}};
    if (registered_at(shown.header.last_seq)) {
        auto signature = log::cosign(store_.identity()->log_id, shown.header, key_);
        if (!signature) return std::move(signature).error();
        mine.witnesses.push_back(*signature);
        ++progress.cosigned;
    }
    fresh_.push_back(std::move(mine));
    return {};
}

Result<void> Witness::known_block(const log::SealedBlock& shown) {
    auto kept = store_.block(shown.header.number);
    if (!kept) return std::move(kept).error();
    if (kept->header == shown.header) return {};
    return find_fork(shown.header.number, shown);
}

Result<void> Witness::decide_again(const log::SealedBlock& shown) {
    const std::vector<std::string_view> views(entries_.begin(), entries_.end());
    auto good = chain_->entries(verified_seq_ + 1, views);
    if (good) good = chain_->block(shown);
    if (!good) return alarm(Finding::broken, good.error().context);
    log::Seq seq = verified_seq_;
    for (const std::string& entry : entries_) {
        good = again_.entry(++seq, entry);
        if (!good) break;
    }
    if (good) good = again_.block(shown);
    if (!good && good.error().code == ErrorCode::invalid) {
        ended_ = good.error();
        return good;
    }
    if (!good)
        return alarm(
            Finding::broken,
            fmt::format("decided again, the log comes out differently: {}", good.error().context));
    entries_.clear();
    entries_bytes_ = 0;
    verified_block_ = shown.header.number;
    verified_seq_ = shown.header.last_seq;
    return {};
}

bool Witness::registered_at(log::Seq last_seq) const {
    const auto& witnesses = again_.state().witnesses;
    return std::any_of(witnesses.begin(), witnesses.end(), [&](const core::Witness& witness) {
        return witness.key == key_.public_key().raw() && witness.counts_at(last_seq);
    });
}

Result<void> Witness::hand_in(Progress& progress) {
    for (;;) {
        auto unsent = store_.unsent(limits::cosignatures_batch_max);
        if (!unsent) return std::move(unsent).error();
        if (!unsent->list.empty()) {
            auto taken = source_.post(unsent->list);
            if (!taken && (taken.error().code == ErrorCode::unavailable ||
                           taken.error().code == ErrorCode::io)) {
                return taken;
            }
            if (!taken) {
                progress.not_taken = taken.error().context;
                return {};
            }
        }
        progress.handed_in += unsent->list.size();
        auto noted = store_.set_sent(unsent->through);
        if (!noted) return noted;
        if (unsent->list.empty()) return {};
    }
}

Result<void> Witness::save() {
    if (verified_seq_ == saved_seq_ || verified_block_ > store_.last_block()) return {};
    std::string body;
    if (!core::to_snapshot(again_.state()).SerializeToString(&body))
        return Error{ErrorCode::exhausted, "the state is too large for a snapshot"};
    auto put = store_.snapshots().put(verified_seq_, again_.state().digest(), body);
    if (put) saved_seq_ = verified_seq_;
    return put;
}

}  // namespace suan::witness
