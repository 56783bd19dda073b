// What the centre's log says of the journal of settlement, and whether a journal bears it out: the
// blocks that the log names are in it, and hold as many transfers and changes of each ledger as
// were metered (entries from before changes were metered count none).
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "settle/audit.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

namespace suan::runtime {

struct JournalAnchor {
    std::uint64_t seq = 0;  // of the entry that names it
    Hash256 journal_id{};
    std::uint64_t block = 0;
    Hash256 block_sm3{};
    struct Total {
        std::uint32_t ledger = 0;
        std::uint64_t transfers = 0;
        std::uint64_t changes = 0;
    };
    std::vector<Total> totals;
};

// Adds the anchor of an entry that was decided, if it has one.
void note_anchor(const Entry& entry, std::vector<JournalAnchor>& anchors);

// Replays the journal, signatures included. `corrupt` names the first entry of the log, or block of
// the journal, that is not borne out; `io` where it cannot be read.
Result<settle::Audited> check_anchors(const std::filesystem::path& journal,
                                      const std::vector<JournalAnchor>& anchors);

}  // namespace suan::runtime
