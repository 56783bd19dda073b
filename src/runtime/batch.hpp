// What one turn of the loop hands to the commit thread.
#pragma once

#include "runtime/effects.hpp"
#include "runtime/hub.hpp"
#include "runtime/projector.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace suan::runtime {

using Instant = std::chrono::steady_clock::time_point;

struct OneReply {
    Callback done;
    Answer answer;
};
struct ManyReply {
    ManyCallback done;
    std::vector<Answer> answers;
};
struct QueryReply {
    QueryCallback done;
    QueryEnd end = QueryEnd::answered;
};
struct Reply {
    std::variant<OneReply, ManyReply, QueryReply> what;
    Instant submitted;
};

// A block ends with entry `last_seq`.
struct BlockMark {
    std::uint64_t last_seq = 0;
    Time time;
    Hash256 state_digest{};
    std::unique_ptr<core::State> snapshot;  // a copy of the state there, when one is due
};

struct StoredPayload {
    Hash256 hash{};
    std::string body;
};

// Entries are serialised once, one after the other; entry i ends at ends[i].
struct Batch {
    std::uint64_t first_seq = 0;
    std::string bytes;
    std::vector<std::size_t> ends;
    std::vector<Committed> entries;  // their hashes are filled in by the commit thread
    std::vector<StoredPayload> payloads;
    std::vector<HistoryRow> rows;
    std::vector<Effect> effects;
    std::vector<BlockMark> marks;
    std::vector<Reply> replies;

    std::string_view entry_bytes(std::size_t i) const {
        const std::size_t begin = i == 0 ? 0 : ends[i - 1];
        return std::string_view(bytes).substr(begin, ends[i] - begin);
    }
    bool empty() const { return entries.empty() && replies.empty() && marks.empty(); }
};

}  // namespace suan::runtime
