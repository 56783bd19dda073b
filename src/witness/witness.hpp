// Follows a hub's log, decides every command again, and co-signs the blocks that come out the same.
//
//   auto store = Store::open(folder);
//   auto witness = Witness::open(source, *store, key, options);
//   loop: witness->step()        pull, verify, sign, keep, hand in; then wait a while
//   witness->save()              before the process ends: the next start is quick
//
// It signs blocks at whose end the log itself has its key registered, and only blocks that follow
// the ones it kept. At each step it looks whether the hub still shows the newest block that it
// kept, one older one drawn at random, and the next few of a round over all of them, so that a
// single old block that was signed anew is found for certain; when not, it looks for the first
// block that differs. One thread. The source and the store outlive it.
#pragma once

#include "base/limits.hpp"
#include "core/state.hpp"
#include "log/segment.hpp"
#include "log/verify.hpp"
#include "runtime/verify.hpp"
#include "witness/alarm.hpp"
#include "witness/source.hpp"
#include "witness/store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace suan::witness {

struct Options {
    // Whose log it must be. Without one the first that the hub names is kept and held to.
    std::optional<crypto::PublicKey> operator_key;
    std::uint64_t snapshot_entries = 100'000;  // between two snapshots of the state
    // Draws the older block to look at, and where the first round begins: any number below `bound`,
    // at least 1. Default: random.
    std::function<std::uint64_t(std::uint64_t bound)> draw;
    // Of the round, in one step: more than a hub closes meanwhile, so that the round ends.
    std::uint64_t looks_per_step = 8;
    // Of the entries of one block, which are held until it is here: far more than a second of
    // commits, and less than what a hub may send that never closes a block.
    std::size_t block_bytes_max = 4 * limits::append_bytes_max;
};

// What one step did, and where the witness stands.
struct Progress {
    std::uint64_t entries = 0;
    std::uint64_t blocks = 0;    // verified
    std::uint64_t cosigned = 0;  // of them
    std::uint64_t handed_in = 0;
    std::uint64_t last_block = 0;      // newest verified one
    std::uint64_t hub_last_block = 0;  // newest that the hub has
    bool registered = false;           // this key, at the newest verified block
    std::string not_taken;             // why the hub did not take signatures; empty: it did
    std::optional<Alarm> alarm;        // nothing is signed from here on
    bool caught_up() const { return last_block >= hub_last_block; }
};

class Witness {
public:
    // Starts from the newest usable snapshot. `invalid` when the folder is of another key or
    // operator.
    static Result<std::unique_ptr<Witness>> open(Source& source, Store& store,
                                                 const crypto::PrivateKey& key, Options options);

    // An error is one of source.hpp, or of the store; the witness may go on after those that say
    // try again. After an alarm each further step gives the same alarm; `invalid` stays as well.
    Result<Progress> step();

    // A snapshot of the state as it is.
    Result<void> save();

    std::uint64_t resumed_after() const {
        return resumed_after_;
    }  // entry of the snapshot; 0: none

private:
    Witness(Source& source, Store& store, const crypto::PrivateKey& key, Options options);
    Result<void> load();
    Result<bool> start_from(const log::SnapshotInfo& info);
    Result<void> meet(const log::SegmentHead& head);
    Result<void> look_back();
    Result<void> look_around(std::uint64_t last);
    Result<void> look_at(std::uint64_t number);
    Result<void> look_at_shorter_log();
    Result<void> find_fork(std::uint64_t differs, log::SealedBlock shown);
    Result<void> pull(Progress& progress);
    Result<void> block(const log::SealedBlock& block, Progress& progress);
    Result<void> known_block(const log::SealedBlock& block);
    Result<void> decide_again(const log::SealedBlock& block);
    Result<void> hand_in(Progress& progress);
    bool registered_at(log::Seq last_seq) const;

    // Remembers the alarm, and gives the error that ends the work at hand.
    Error alarm(Finding finding, std::string message);
    Error contradiction(const log::SealedBlock& kept, const log::SealedBlock& shown);

    Source& source_;
    Store& store_;
    const crypto::PrivateKey& key_;
    Options options_;
    std::optional<log::ChainVerifier> chain_;  // none: nothing is known of the log yet
    runtime::Reexecutor again_{core::State{}};
    std::uint64_t verified_block_ = 0;
    log::Seq verified_seq_ = 0;
    std::vector<std::string> entries_;  // of the block that is not here yet
    std::size_t entries_bytes_ = 0;
    std::uint64_t next_look_ = 0;          // of the round; 0: it has not begun
    std::vector<log::SealedBlock> fresh_;  // verified, not yet kept
    log::Seq saved_seq_ = 0;
    std::uint64_t resumed_after_ = 0;
    std::optional<Alarm> alarm_;
    std::optional<Error> ended_;  // by rules that this program does not know
};

}  // namespace suan::witness
