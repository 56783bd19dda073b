// Re-execution: decides every command of the log again, under its actor and time, and compares what
// comes out with what was written, byte for byte. Together with the chain of blocks
// (log/verify.hpp, done in the same pass) it shows that the centre followed its rules and that
// nothing was altered.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "crypto/sm2.hpp"
#include "log/log.hpp"
#include "runtime/ledgers/anchors.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace suan::runtime {

enum class VerifyFrom {
    beginning,
    newest_snapshot,  // trusts the snapshot, whose digest a signed block must name
};

struct ReexecuteOptions {
    VerifyFrom from = VerifyFrom::beginning;
    // Called now and then with the entries checked so far and how many there are.
    std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct Reexecuted {
    std::uint64_t entries = 0;
    std::uint64_t blocks = 0;
    std::uint64_t from_seq = 0;  // 0: the beginning
    std::uint64_t last_seq = 0;
    std::uint64_t last_block_seq = 0;    // entries after it are in no block yet
    Hash256 state_digest{};              // at the end
    std::vector<JournalAnchor> anchors;  // of the journal of settlement
};

// `corrupt` names the first entry or block that differs, with the fields expected and found;
// `invalid` an entry of a rules version that this program does not know.
Result<Reexecuted> reexecute(log::Log& log, const crypto::PublicKey& operator_key,
                             const ReexecuteOptions& options);

// One entry at a time, for other sources of entries (an export file).
class Reexecutor {
public:
    explicit Reexecutor(core::State start);
    Result<void> entry(log::Seq seq, std::string_view bytes);
    Result<void> block(const log::SealedBlock& block);
    core::State& state() { return state_; }
    // Of the journal of settlement, in the entries so far.
    std::vector<JournalAnchor> take_anchors() { return std::move(anchors_); }

private:
    Entry& fresh_entry();

    core::State state_;
    std::vector<JournalAnchor> anchors_;
    std::unique_ptr<google::protobuf::Arena> arena_;
    std::uint64_t used_ = 0;
    std::string bytes_;
};

}  // namespace suan::runtime
