#include "runtime/recover.hpp"

#include "base/limits.hpp"
#include "core/rules_version.hpp"
#include "core/transition.hpp"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include <algorithm>

namespace suan::runtime {
namespace {

// An arena is emptied after so many entries: often enough to stay in cache.
constexpr std::uint64_t entries_per_arena = 256;

// A snapshot must let the blocks be closed: a digest is known from its entry on, and a block takes
// at most limits::block_entries_max entries after the last one stored.
bool usable(const log::SnapshotInfo& info, const log::Head& head) {
    return info.seq <= head.last_seq && info.seq <= head.last_block_seq + limits::block_entries_max;
}

core::State newest_state(log::Log& log, const std::function<void(const std::string&)>& log_line) {
    auto list = log.snapshots().list();
    if (!list) {
        log_line(std::move(list).error().context);
        return {};
    }
    for (const log::SnapshotInfo& info : *list) {
        if (!usable(info, log.head())) {
            log_line(fmt::format("snapshot {}: beyond what the log can sign, not used", info.seq));
            continue;
        }
        auto state = load_snapshot(log.snapshots(), info);
        if (state) return std::move(*state);
        log_line(std::move(state).error().context);
    }
    return {};
}

class Replay {
public:
    Replay(log::Log& log, const crypto::PrivateKey& key, RecoveredState& out)
        : log_(log), key_(key), out_(out), covered_(log.head().last_block_seq) {}

    Result<log::Next> entry(log::Seq seq, std::string_view bytes) {
        if (seq > out_.state.seq) {
            auto applied = apply(seq, bytes);
            if (!applied) return std::move(applied).error();
        }
        if (seq > covered_) {
            const Time at = seq > out_.snapshot_seq ? out_.state.now : time_of(bytes);
            if (out_.open_entries == 0) out_.opened = at;
            out_.blocks.add(std::span(&bytes, 1), at);
            ++out_.open_entries;
            if (out_.blocks.room() == 0) {
                auto closed = close();
                if (!closed) return std::move(closed).error();
            }
        }
        return log::Next::more;
    }

private:
    Entry* fresh_entry() {
        if (++used_ % entries_per_arena == 0) arena_.Reset();
        return google::protobuf::Arena::CreateMessage<Entry>(&arena_);
    }

    Time time_of(std::string_view bytes) {
        Entry* entry = fresh_entry();
        const bool good = entry->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        return good ? Time{entry->time_us()} : Time{};
    }

    Result<void> apply(log::Seq seq, std::string_view bytes) {
        Entry* entry = fresh_entry();
        if (!entry->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
            entry->seq() != seq) {
            return Error{ErrorCode::corrupt,
                         fmt::format("entry {}: expected an Entry of that number, found {} bytes "
                                     "that are none",
                                     seq, bytes.size())};
        }
        if (auto other = core::check_rules_version(
                seq, *entry,
                "go on with the program that wrote it, or move the data folder away and start a "
                "new centre");
            !other)
            return other;
        if (entry->time_us() < out_.state.now.us) {
            return Error{ErrorCode::corrupt,
                         fmt::format("entry {}: expected a time from {} on, found {}", seq,
                                     out_.state.now.us, entry->time_us())};
        }
        core::apply(out_.state, *entry);
        ++out_.entries_applied;
        return {};
    }

    Result<void> close() {
        auto block = log::seal(out_.blocks.close(out_.state.now, out_.state.digest()), key_);
        if (!block) return std::move(block).error();
        out_.open_entries = 0;
        return log_.put_block(*block);
    }

    log::Log& log_;
    const crypto::PrivateKey& key_;
    RecoveredState& out_;
    log::Seq covered_;
    google::protobuf::Arena arena_;
    std::uint64_t used_ = 0;
};

}  // namespace

Result<core::State> load_snapshot(const log::SnapshotStore& snapshots,
                                  const log::SnapshotInfo& info) {
    const std::string name = fmt::format("snapshot {}", info.seq);
    auto body = snapshots.read(info.seq);
    if (!body) return std::move(body).error();
    google::protobuf::Arena arena;
    auto* snapshot = google::protobuf::Arena::CreateMessage<StateSnapshot>(&arena);
    if (!snapshot->ParseFromString(*body)) {
        return Error{ErrorCode::corrupt, name + ": expected a StateSnapshot"};
    }
    if (snapshot->rules_version() != core::rules_version) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}: of rules version {}", name, snapshot->rules_version())};
    }
    std::string error;
    auto state = core::from_snapshot(*snapshot, error);
    if (!state) return Error{ErrorCode::corrupt, name + ": " + error};
    const Hash256 digest = state->digest();
    if (digest != info.state_digest || state->seq != info.seq) {
        return Error{ErrorCode::corrupt, fmt::format("{}: expected state digest {}, found {}", name,
                                                     to_hex(info.state_digest), to_hex(digest))};
    }
    return std::move(*state);
}

Result<RecoveredState> recover(log::Log& log, const crypto::PrivateKey& key,
                               const std::function<void(const std::string&)>& log_line) {
    const log::Head head = log.head();
    RecoveredState out{.state = newest_state(log, log_line),
                       .blocks = log::BlockBuilder(head, key.public_key()),
                       .open_entries = 0,
                       .opened = {},
                       .snapshot_seq = 0,
                       .entries_applied = 0};
    out.snapshot_seq = out.state.seq;
    Replay replay(log, key, out);
    const log::Seq first = std::min(out.state.seq, head.last_block_seq) + 1;
    if (first > head.last_seq) return out;
    auto read = log.for_each(first, head.last_seq, [&](log::Seq seq, std::string_view bytes) {
        return replay.entry(seq, bytes);
    });
    if (!read) return std::move(read).error().wrap("recover");
    return out;
}

}  // namespace suan::runtime
