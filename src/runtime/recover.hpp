// Recovery: the newest usable snapshot, then the entries after it.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "crypto/sm2.hpp"
#include "log/block.hpp"
#include "log/log.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace suan::runtime {

struct RecoveredState {
    core::State state;
    log::BlockBuilder blocks;        // with the entries that no block covers yet
    std::uint64_t open_entries = 0;  // that many
    Time opened;                     // when the first of them was stamped
    std::uint64_t snapshot_seq = 0;
    std::uint64_t entries_applied = 0;
};

// Blocks that a crash left unsealed and that are full are closed and stored on the way. A snapshot
// that cannot be used is told to `log_line` and the next older one taken. `corrupt` or `invalid`
// names the entry that cannot be applied.
Result<RecoveredState> recover(log::Log& log, const crypto::PrivateKey& key,
                               const std::function<void(const std::string&)>& log_line);

// The state of one stored snapshot; its digest is checked.
Result<core::State> load_snapshot(const log::SnapshotStore& snapshots,
                                  const log::SnapshotInfo& info);

}  // namespace suan::runtime
