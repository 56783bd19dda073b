// The one file of a journal, as a seam: a disk, or the simulated disk of tests.
//
// One writer. `read` may be called from other threads for bytes that were written before.
// Errors: `io`, naming file and system call. After a failed write or sync nothing is known about
// what is on disk, so the caller must stop.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace suan::settle {

inline constexpr std::size_t file_block_bytes = 4'096;

class File {
public:
    virtual ~File() = default;

    // Appends: what lies behind the bytes, up to the next multiple of file_block_bytes, becomes
    // zero.
    virtual Result<void> write(std::uint64_t offset, std::string_view bytes) = 0;
    // The same for pieces that follow each other.
    virtual Result<void> write_pieces(std::uint64_t offset,
                                      std::span<const std::string_view> pieces) {
        std::string bytes;
        for (const std::string_view piece : pieces)
            bytes += piece;
        return write(offset, bytes);
    }
    // On return everything written before is where a power cut cannot reach it.
    virtual Result<void> sync() = 0;
    virtual Result<void> truncate(std::uint64_t size) = 0;
    virtual Result<std::uint64_t> size() const = 0;
    // Fewer bytes than asked for at the end of the file.
    virtual Result<std::string> read(std::uint64_t offset, std::size_t count) const = 0;
};

// Makes the file (mode 0600) where there is none and locks it: `unavailable` while another process
// has it. Space is taken in steps ahead of the writes, as zero bytes, so that a sync has no new
// size to record. Where the file system can, writes go past the page cache (O_DIRECT), whole blocks
// at a time: a sync then waits for its own bytes alone, and not for what other programs have
// written.
Result<std::unique_ptr<File>> open_file(const std::filesystem::path& path);

// Fewer bytes than asked for at the end of the file; the error names the system call alone.
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t count);

// A file that is there whole and synced, or as it was before: for what is written at once. The
// pieces follow each other.
Result<void> write_whole(const std::filesystem::path& path,
                         std::span<const std::string_view> pieces);

}  // namespace suan::settle
