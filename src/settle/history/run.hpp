// The moves of one account in one stretch of blocks, as bytes: for each a byte of kind and side,
// and LEB128 numbers: blocks since the last move, index, and the amounts that its kind has.
// docs/formats/settle-history.md. Sequence numbers and balances follow from where the run starts.
#pragma once

#include "base/result.hpp"
#include "settle/history/types.hpp"

#include <string>
#include <string_view>

namespace suan::settle {

// Where a run starts: the account before its first move.
struct RunStart {
    std::uint64_t sequence = 0;
    Balances balances;

    friend bool operator==(const RunStart&, const RunStart&) = default;
};

// Appends moves in order. Blocks count from the first of the stretch.
class RunWriter {
public:
    void add(std::string& out, std::uint64_t block, const Move& move, MoveSide side);

private:
    std::uint64_t block_ = 0;
};

// Reads them back, one after the other.
class RunReader {
public:
    RunReader(std::string_view bytes, const RunStart& start, std::uint64_t first_block)
        : rest_(bytes), at_(start), block_(first_block) {}

    bool at_end() const { return rest_.empty(); }
    // `corrupt` where the bytes are no move, or take more than is held.
    Result<HistoryItem> next();

private:
    bool take(std::uint64_t& value);

    std::string_view rest_;
    RunStart at_;
    std::uint64_t block_;
};

}  // namespace suan::settle
