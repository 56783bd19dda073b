// The append-only journal of settlement. Each frame is one block: a batch of transfers or a change
// of a book, with the answers given, chained to the frame before by SM3.
// docs/formats/settle-journal.md has the bytes.
//
//   frame = u32 "SFR1" | u32 payload bytes | u32 CRC-32C of all that follows | u32 zero |
//           u64 durable | block | payload, and zeros up to a multiple of 8
//   block = u64 number | i64 time, us | u32 kind | u32 count | previous block hash | Merkle root |
//           state digest                                                        (120 bytes)
//   payload = body | count answers of one byte
//
// The block hash is SM3 of the block's bytes. Leaf i of the tree is SM3(0 | record i | answer i),
// of a change SM3(0 | body | answer).
//
// `durable` is a block that was on disk before this frame was made. After a crash the file may end
// in a torn frame, and, as disks reorder, with whole frames after it: nothing there was
// acknowledged, and it is cut off. But a frame that says that the broken one was durable proves
// that acknowledged bytes have gone bad; then opening refuses.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "settle/file.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::settle {

enum class FrameKind : std::uint32_t { change = 1, transfers = 2 };

struct Block {
    std::uint64_t number = 0;  // from 1
    Time time;
    FrameKind kind = FrameKind::change;
    std::uint32_t count = 0;
    Hash256 previous{};  // of block 1: the journal's id
    Hash256 root{};
    Hash256 state_digest{};

    friend bool operator==(const Block&, const Block&) = default;
};

inline constexpr std::size_t block_bytes = 120;
inline constexpr std::size_t frame_head_bytes = 24 + block_bytes;
inline constexpr std::size_t frame_bytes_max = std::size_t{4} << 20;
inline constexpr std::size_t journal_head_bytes = 64;

std::string encode_block(const Block& block);
Hash256 block_hash(const Block& block);

// A frame in memory; the views are into what was read.
struct Frame {
    Block block;
    std::uint64_t durable = 0;
    std::string_view body{};
    std::string_view answers{};
    std::size_t size = 0;      // with its head and padding
    std::uint64_t offset = 0;  // in the journal that it was read from
};

// The frame at the front of `bytes`; `corrupt` says what is wrong with it.
Result<Frame> decode_frame(std::string_view bytes);

// The leaves of a frame's tree, and their root.
std::vector<Hash256> frame_leaves(FrameKind kind, std::string_view body, std::string_view answers);
Hash256 frame_root(FrameKind kind, std::string_view body, std::string_view answers);

// Numbers and chains blocks. One thread.
class Sealer {
public:
    struct Position {
        std::uint64_t last_number = 0;
        Hash256 last_hash{};
    };
    explicit Sealer(const Position& position) : position_(position) {}

    struct Content {
        FrameKind kind = FrameKind::change;
        Time time;
        std::string_view body;
        std::string_view answers;
        Hash256 state_digest{};
    };
    // The head of the frame; its body, its answers and frame_padding(content) zeros follow it.
    std::string seal_head(const Content& content, std::uint64_t durable, Block& block);
    // Appends the whole frame to `out`, and gives its block.
    Block seal(const Content& content, std::uint64_t durable, std::string& out);
    static std::string_view frame_padding(const Content& content);
    const Position& position() const { return position_; }

private:
    Position position_;
};

// Called with each frame in order.
using FrameVisitor = std::function<Result<void>(const Frame& frame)>;

// How much of each frame is looked at on opening: checksums and the chain, or its tree as well.
enum class Check { chain, roots };

class Journal {
public:
    struct Opened {
        std::uint64_t bytes_cut = 0;  // of a torn tail
    };

    // Reads every frame, and cuts a torn tail. A new journal gets `new_id`. The file is borrowed.
    static Result<Journal> open(File& file, const Hash256& new_id, const FrameVisitor& visit,
                                Check check, Opened* opened = nullptr);

    // The same in two steps, for who knows already what comes of the first frames: after
    // `open_head` the next frame is expected at `offset` and follows `position`.
    static Result<Journal> open_head(File& file, const Hash256& new_id);
    void skip_to(const Sealer::Position& position, std::uint64_t offset) {
        position_ = position;
        end_ = offset;
    }
    Result<void> read_all(const FrameVisitor& visit, Check check, Opened* opened = nullptr);

    const Hash256& id() const { return id_; }
    const Sealer::Position& position() const { return position_; }
    std::uint64_t bytes() const { return end_; }

    // Writes frames, whole or in pieces, that follow the last ones and syncs. After an error the
    // journal is of no use.
    Result<void> append(std::span<const std::string_view> pieces);
    Result<void> append(std::string_view frames) { return append({&frames, 1}); }

    // The bytes of the frame that lies at `offset`.
    Result<std::string> read_frame_at(std::uint64_t offset) const;

private:
    Journal(File& file, const Hash256& id) : file_(&file), id_(id) {}
    Result<void> take(const Frame& frame, const FrameVisitor& visit, Check check);
    Result<void> cut_tail(std::uint64_t file_size, const Error& why, Opened* opened);

    File* file_;
    Hash256 id_;
    Sealer::Position position_;
    std::uint64_t end_ = journal_head_bytes;
};

}  // namespace suan::settle
