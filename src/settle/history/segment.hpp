// A stretch of blocks as a file of an index: where its frames lie, the moves of each account, the
// ids of what was made, and the transfers that finished outside their own block. It is derived from
// the journal and never the only place of anything. docs/formats/settle-history.md has the bytes.
//
// The head, the list of blocks and the finishes have checksums that are tested when they are read;
// each account's run has its own. Ids lead to frames, which have theirs.
//
// Threads: reading is const and uses pread.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "settle/history/tail.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::settle {

// A transfer that finished in a block and is no record of it.
struct LateFinish {
    std::uint32_t block = 0;  // from the first of the segment
    Finish finish;
};

// The bytes of a segment, in pieces.
struct SegmentBytes {
    std::string head;
    std::string blocks;
    std::string accounts;
    std::vector<IdPlace> ids;
    std::string finishes;
    std::string runs;

    // In the order of the file.
    std::array<std::string_view, 6> pieces() const;
};
// `secret` keys its hashes of ids.
SegmentBytes encode_segment(const Hash256& journal_id, std::uint64_t secret, const Tail& tail,
                            std::span<const LateFinish> finishes);

class Segment {
public:
    // `corrupt` where it is none of this journal, or broken.
    static Result<std::unique_ptr<Segment>> open(const std::filesystem::path& path,
                                                 const Hash256& journal_id);
    ~Segment();
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    std::uint64_t first_block() const { return first_block_; }
    std::uint64_t end_block() const { return first_block_ + blocks_; }  // one past the last
    Time first_time() const { return first_time_; }
    std::uint64_t secret() const { return secret_; }

    // The block must be one of the segment's (asserted).
    Result<BlockPlace> block(std::uint64_t number) const;
    Result<std::vector<BlockPlace>> blocks() const;
    Result<std::vector<LateFinish>> finishes() const;

    struct Run {
        RunStart start;
        std::uint64_t count = 0;
        std::string bytes;
    };
    // None where the account was not moved.
    Result<std::optional<Run>> run(std::uint32_t book, std::uint32_t account) const;
    // Only where it starts and how many there are.
    Result<std::optional<Run>> run_head(std::uint32_t book, std::uint32_t account) const;

    // Places of transfers with this hash, at most `most`.
    Result<std::vector<IdPlace>> find(std::uint64_t hash, std::size_t most) const;

private:
    struct Entry {
        Run run;
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
        std::uint32_t crc = 0;
        std::string head;  // its bytes, for the checksum
    };

    explicit Segment(int fd) : fd_(fd) {}
    Result<void> read_head(const Hash256& journal_id);
    Result<std::string> read(std::uint64_t offset, std::size_t count) const;
    Result<std::optional<Entry>> find_entry(std::uint32_t book, std::uint32_t account) const;

    int fd_;
    std::uint64_t first_block_ = 0;
    std::uint64_t blocks_ = 0;
    std::uint64_t accounts_ = 0;
    std::uint64_t run_bytes_ = 0;
    std::uint64_t ids_ = 0;
    std::uint64_t finishes_ = 0;
    std::uint64_t secret_ = 0;
    std::uint32_t blocks_crc_ = 0;
    std::uint32_t finishes_crc_ = 0;
    Time first_time_;
};

}  // namespace suan::settle
