// A disk of tests: it forgets what was not synced, in any order, sector by sector, and can stop at
// any call. One seed gives one course of events. Everything that the file under test does goes
// through calls that are counted, so a crash can be put at each of them.
#pragma once

#include "settle/file.hpp"
#include "settle/testing.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace suan::settle::testing {

enum class Honesty { honest, lies };  // a disk that lies reports syncs that it has not done

class Disk {
public:
    Disk(std::uint64_t seed, Honesty honesty) : random_(seed), honesty_(honesty) {}

    // The call with this number from now, 1 being the next, and all after it fail. 0: none.
    void crash_at(std::uint64_t call) { crash_in_ = call; }
    bool crashed() const { return is_down_; }

    // What is there when the machine comes up again: everything synced, and of the rest any part.
    void reboot() {
        for (const Change& change : unsynced_)
            keep_some(change);
        unsynced_.clear();
        cached_ = kept_;
        is_down_ = false;
        crash_in_ = 0;
    }

    void flip_bit(std::size_t at) { cached_[at] = kept_[at] = static_cast<char>(kept_[at] ^ 4); }
    const std::string& content() const { return cached_; }

    Result<void> write(std::uint64_t offset, std::string_view bytes) {
        const bool goes = step();
        // The write during which the machine stops may have reached the disk too.
        if (cached_.size() < offset + bytes.size()) cached_.resize(offset + bytes.size());
        bytes.copy(cached_.data() + offset, bytes.size());
        if (!was_down_) unsynced_.push_back(Change{offset, std::string(bytes), false});
        return goes ? Result<void>() : down();
    }
    Result<void> truncate(std::uint64_t size) {
        const bool goes = step();
        cached_.resize(size);
        if (!was_down_) unsynced_.push_back(Change{size, {}, true});
        return goes ? Result<void>() : down();
    }
    Result<void> sync() {
        if (!step()) return down();
        if (honesty_ == Honesty::lies && random_.below(4) == 0) return {};
        for (const Change& change : unsynced_)
            apply(change);
        unsynced_.clear();
        return {};
    }

private:
    static constexpr std::size_t sector = 512;

    struct Change {
        std::uint64_t offset = 0;  // or the size of a truncation
        std::string bytes;
        bool truncates = false;
    };

    static Error down() { return Error{ErrorCode::io, "the machine is down"}; }

    bool step() {
        was_down_ = is_down_;
        if (crash_in_ != 0 && --crash_in_ == 0) is_down_ = true;
        return !is_down_;
    }

    void apply(const Change& change) {
        if (change.truncates) return kept_.resize(change.offset);
        if (kept_.size() < change.offset + change.bytes.size()) {
            kept_.resize(change.offset + change.bytes.size());
        }
        change.bytes.copy(kept_.data() + change.offset, change.bytes.size());
    }

    void keep_some(const Change& change) {
        if (change.truncates) {
            if (random_.below(2) == 0) apply(change);
            return;
        }
        const std::uint64_t style = random_.below(4);  // nothing, everything, or any sectors
        for (std::size_t at = 0; at < change.bytes.size();) {
            const std::size_t room = sector - (change.offset + at) % sector;
            std::string part = change.bytes.substr(at, room);
            at += part.size();
            if (style == 0 || (style >= 2 && random_.below(2) == 0)) continue;
            const std::uint64_t start = change.offset + at - part.size();
            // Some disks tear a sector too.
            if (style == 3 && random_.below(8) == 0) part.resize(random_.below(part.size() + 1));
            apply(Change{start, part, false});
        }
    }

    Random random_;
    Honesty honesty_;
    std::string kept_;    // on the platter
    std::string cached_;  // as the process sees it
    std::vector<Change> unsynced_;
    std::uint64_t crash_in_ = 0;
    bool is_down_ = false;
    bool was_down_ = false;
};

// The seam over a disk that outlives it.
class DiskFile final : public File {
public:
    explicit DiskFile(Disk& disk) : disk_(disk) {}
    // Whole blocks, as the file of the real disk writes them: the block in which the last write
    // ended goes out again, with acknowledged bytes in it, and zeros behind the new ones.
    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        const std::uint64_t first = offset / file_block_bytes * file_block_bytes;
        std::string blocks = disk_.content().substr(
            std::min<std::size_t>(first, disk_.content().size()), offset - first);
        blocks.resize(offset - first);
        blocks += bytes;
        blocks.resize((blocks.size() + file_block_bytes - 1) / file_block_bytes * file_block_bytes);
        return disk_.write(first, blocks);
    }
    Result<void> sync() override { return disk_.sync(); }
    Result<void> truncate(std::uint64_t size) override { return disk_.truncate(size); }
    Result<std::uint64_t> size() const override { return std::uint64_t{disk_.content().size()}; }
    Result<std::string> read(std::uint64_t offset, std::size_t count) const override {
        const std::string& content = disk_.content();
        return offset >= content.size() ? std::string() : content.substr(offset, count);
    }

private:
    Disk& disk_;
};

}  // namespace suan::settle::testing
