// Frames of exports and segments (docs/formats/log.md): a head, then frames of entries and blocks,
// each with its checksum, and an end frame with the SM3 of all before it. For this folder's use.
#pragma once

#include "crypto/sm3.hpp"
#include "log/log.hpp"

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace suan::log {

inline constexpr char entries_frame = 'E';
inline constexpr char block_frame = 'B';
inline constexpr char end_frame = 'Z';

class FrameWriter {
public:
    explicit FrameWriter(std::ostream& out) : out_(out) {}

    void head(std::string_view bytes) { put(bytes); }
    // Consecutive entries share a frame until it is about a mebibyte large.
    Result<void> entry(Seq seq, std::string_view bytes);
    Result<void> block(const SealedBlock& block);
    Result<void> end(Seq last_seq, std::uint64_t last_block);
    std::size_t bytes_written() const { return written_ + records_.size(); }

private:
    Result<void> state() const;
    void put(std::string_view bytes);
    void frame(char type, std::string_view body);
    void flush();

    std::ostream& out_;
    crypto::Sm3 sum_;
    std::string records_;
    Seq first_seq_ = 0;
    std::uint32_t count_ = 0;
    std::size_t written_ = 0;
};

struct EndFrame {
    Seq last_seq = 0;
    std::uint64_t last_block = 0;
};

// Reads one frame at a time, each into memory once its checksum is right.
class FrameReader {
public:
    // `what` names the file in errors: "export".
    FrameReader(std::istream& in, std::string_view what) : in_(in), what_(what) {}

    Result<std::string> head(std::size_t bytes);
    // Hands entries and blocks over in order, up to the end frame, after which nothing may follow.
    Result<EndFrame> frames(const std::function<Result<void>(Seq, std::string_view)>& entry,
                            const std::function<Result<void>(const SealedBlock&)>& block);

private:
    struct Frame {
        char type = 0;
        std::string body;
        Hash256 sum_before{};  // of the file up to this frame; of the end frame only
    };

    Result<std::string> bytes(std::size_t count, std::string_view field);
    Result<Frame> frame();
    Result<EndFrame> end(const Frame& frame);
    Error bad(std::string_view field, std::string expected, std::string found) const;

    std::istream& in_;
    std::string what_;
    std::uint64_t offset_ = 0;
    crypto::Sm3 sum_;
};

}  // namespace suan::log
