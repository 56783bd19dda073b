#include "runtime/verify.hpp"

#include "core/rules_version.hpp"
#include "core/transition.hpp"
#include "log/verify.hpp"
#include "runtime/recover.hpp"

#include <fmt/format.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/util/message_differencer.h>

namespace suan::runtime {
namespace {

constexpr std::uint64_t progress_every = 10'000;
// The arena is emptied after so many entries: often enough to stay in cache.
constexpr std::uint64_t entries_per_arena = 64;
constexpr std::size_t arena_bytes = 256 << 10;

google::protobuf::ArenaOptions arena_options() {
    google::protobuf::ArenaOptions options;
    options.start_block_size = arena_bytes;
    options.max_block_size = arena_bytes;
    return options;
}

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

// "modified: events[0].job_started.slots[0].node_id: 1 -> 2": expected on the left.
std::string differences(const Entry& expected, const Entry& found) {
    std::string text;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&text);
    if (differencer.Compare(expected, found)) return "the same fields in other bytes";
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

// The entry as it was before it was decided. Its events are kept as memory for the next ones.
void undecide(Entry& entry) {
    entry.clear_seq();
    entry.clear_rules_version();
    entry.clear_events();
    entry.GetReflection()->MutableUnknownFields(&entry)->Clear();
}

Result<void> check_readable(log::Seq seq, const Entry& found, const core::State& state) {
    if (auto other =
            core::check_rules_version(seq, found, "verify it with the program that wrote it");
        !other)
        return other;
    if (found.time_us() < state.now.us) {
        return corrupt(fmt::format("entry {}: time_us: expected at least {}, found {}", seq,
                                   state.now.us, found.time_us()));
    }
    return {};
}

}  // namespace

Reexecutor::Reexecutor(core::State start)
    : state_(std::move(start)),
      arena_(std::make_unique<google::protobuf::Arena>(arena_options())) {}

Entry& Reexecutor::fresh_entry() {
    if (++used_ % entries_per_arena == 0) arena_->Reset();
    return *google::protobuf::Arena::CreateMessage<Entry>(arena_.get());
}

Result<void> Reexecutor::entry(log::Seq seq, std::string_view bytes) {
    Entry& entry = fresh_entry();
    if (!entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return corrupt(fmt::format("entry {}: expected an Entry, found {} bytes that are none", seq,
                                   bytes.size()));
    }
    auto readable = check_readable(seq, entry, state_);
    if (!readable) return readable;
    const int events_found = entry.events_size();
    undecide(entry);
    const core::Outcome outcome = core::step(state_, entry);
    if (const auto* refused = std::get_if<core::Rejection>(&outcome)) {
        return corrupt(fmt::format("entry {}: its command is refused ({}: {}), found {} events",
                                   seq, core::to_string(refused->code), refused->message,
                                   events_found));
    }
    bytes_.clear();
    entry.AppendToString(&bytes_);
    if (bytes_ == bytes) {
        note_anchor(entry, anchors_);
        return {};
    }
    Entry found;
    static_cast<void>(found.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    return corrupt(fmt::format("entry {}: expected -> found: {}", seq, differences(entry, found)));
}

Result<void> Reexecutor::block(const log::SealedBlock& block) {
    const Hash256 digest = state_.digest();
    if (digest == block.header.state_digest) return {};
    return corrupt(fmt::format("block {}: state digest after entry {}: expected {}, found {}",
                               block.header.number, block.header.last_seq, to_hex(digest),
                               to_hex(block.header.state_digest)));
}

namespace {

struct Start {
    core::State state;
    std::uint64_t after_block = 0;
};

// The newest snapshot that stands at the end of a block which names its digest.
Result<Start> start_at_snapshot(log::Log& log) {
    auto list = log.snapshots().list();
    if (!list) return std::move(list).error();
    for (const log::SnapshotInfo& info : *list) {
        auto block = log.block_of(info.seq);
        if (!block || block->header.last_seq != info.seq) continue;
        if (block->header.state_digest != info.state_digest) {
            return corrupt(
                fmt::format("snapshot {}: state digest: expected {} of block {}, found "
                            "{}",
                            info.seq, to_hex(block->header.state_digest), block->header.number,
                            to_hex(info.state_digest)));
        }
        auto state = load_snapshot(log.snapshots(), info);
        if (!state) return std::move(state).error();
        return Start{std::move(*state), block->header.number};
    }
    return Error{ErrorCode::not_found, "no snapshot stands at the end of a block"};
}

}  // namespace

Result<Reexecuted> reexecute(log::Log& log, const crypto::PublicKey& operator_key,
                             const ReexecuteOptions& options) {
    Start start;
    if (options.from == VerifyFrom::newest_snapshot) {
        auto found = start_at_snapshot(log);
        if (!found) return std::move(found).error();
        start = std::move(*found);
    }
    Reexecuted out;
    out.from_seq = start.state.seq;
    const std::uint64_t total = log.head().last_seq - out.from_seq;
    Reexecutor again(std::move(start.state));
    log::VerifyOptions verify;
    verify.after_block = start.after_block;
    verify.each_entry = [&](log::Seq seq, std::string_view bytes) -> Result<void> {
        const std::uint64_t done = seq - out.from_seq;
        if (options.progress && done % progress_every == 0) options.progress(done, total);
        return again.entry(seq, bytes);
    };
    verify.each_block = [&](const log::SealedBlock& block) {
        auto good = again.block(block);
        if (good && options.each_block) options.each_block(block, again.state());
        return good;
    };
    auto verified = log::verify_log(log, operator_key, verify);
    if (!verified) return std::move(verified).error();
    out.entries = verified->entries;
    out.blocks = verified->blocks;
    out.last_seq = out.from_seq + verified->entries;
    out.last_block_seq = verified->last_block_seq;
    out.state_digest = again.state().digest();
    out.anchors = again.take_anchors();
    if (options.progress) options.progress(out.entries, total);
    return out;
}

}  // namespace suan::runtime
