#include "settle/history/index.hpp"

#include "base/assert.hpp"
#include "ledger/index_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace suan::settle {
namespace {

namespace fs = std::filesystem;

// More transfers under one hash than this are no accident, and are not looked at.
constexpr std::size_t same_hash_max = 64;

std::uint64_t id_hash(std::uint64_t secret, std::uint32_t book, ledger::TransferId id) {
    return ledger::hash_of(id.high ^ (std::uint64_t{book} << 32), id.low, secret);
}

// `out` is emptied first.
void find_made(std::uint64_t secret, const BlockMoves& block, std::vector<IdPlace>& out) {
    out.clear();
    for (std::uint32_t i = 0; i < block.transfers.size(); ++i) {
        if (block.answers[i] != 0) continue;
        out.push_back(IdPlace{id_hash(secret, block.place.book, block.transfers[i].id), 0, i});
    }
}

}  // namespace

fs::path HistoryIndex::path_of(std::uint64_t first_block) const {
    return options_.folder / fmt::format("{:016x}.moves", first_block);
}

Result<std::unique_ptr<HistoryIndex>> HistoryIndex::open(const Options& options,
                                                         const Hash256& journal_id,
                                                         std::uint64_t last_block) {
    std::unique_ptr<HistoryIndex> out(new HistoryIndex(options, journal_id, last_block));
    if (options.folder.empty()) return out;
    std::error_code error;
    fs::create_directories(options.folder, error);
    if (error) {
        return Error{ErrorCode::io,
                     fmt::format("{}: {}", options.folder.string(), error.message())};
    }
    std::uint64_t next = 1;
    while (next <= last_block) {
        Result<std::unique_ptr<Segment>> segment = Segment::open(out->path_of(next), journal_id);
        if (!segment || (*segment)->first_block() != next ||
            (*segment)->end_block() > last_block + 1) {
            return Error{ErrorCode::not_found,
                         fmt::format("no sound segments up to block {}", last_block)};
        }
        next = (*segment)->end_block();
        out->segments_.push_back(std::move(*segment));
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(options.folder, error)) {
        if (entry.path().extension() != ".moves") continue;
        const auto is_its = [&](const auto& s) {
            return out->path_of(s->first_block()) == entry.path();
        };
        if (std::none_of(out->segments_.begin(), out->segments_.end(), is_its)) {
            fs::remove(entry.path(), error);
        }
    }
    return out;
}

void HistoryIndex::add(const BlockMoves& block) {
    find_made(options_.secret, block, made_);
    const std::unique_lock lock(mutex_);
    const auto number = static_cast<std::uint32_t>(tail_.blocks().size());
    tail_.add(block.place, block.moves, made_);
    for (const Finish& finish : block.finishes)
        finishes_.push_back(LateFinish{number, finish});
}

std::size_t HistoryIndex::moves_in_memory() const {
    const std::shared_lock lock(mutex_);
    return tail_.moves();
}

std::uint64_t HistoryIndex::last_block() const {
    const std::shared_lock lock(mutex_);
    return tail_.first_block() + tail_.blocks().size() - 1;
}

Result<void> HistoryIndex::close_segment() {
    if (options_.folder.empty() || tail_.blocks().empty()) return {};
    // Nobody else writes, and readers may go on.
    const SegmentBytes bytes = encode_segment(journal_id_, options_.secret, tail_, finishes_);
    const fs::path path = path_of(tail_.first_block());
    if (auto done = write_whole(path, bytes.pieces()); !done) return done;
    Result<std::unique_ptr<Segment>> segment = Segment::open(path, journal_id_);
    if (!segment) return std::move(segment).error();
    const std::unique_lock lock(mutex_);
    segments_.push_back(std::move(*segment));
    tail_.restart();
    finishes_.clear();
    return {};
}

Result<std::vector<HistoryItem>> HistoryIndex::after(std::uint32_t book, std::uint32_t account,
                                                     std::uint64_t after, std::size_t limit) const {
    const std::shared_lock lock(mutex_);
    std::vector<HistoryItem> out;
    const std::uint64_t in_segments = tail_.start_of(book, account).sequence;
    for (std::size_t s = 0; s < segments_.size() && after < in_segments; ++s) {
        if (out.size() == limit) return out;
        const Segment& segment = *segments_[s];
        auto head = segment.run_head(book, account);
        if (!head) return std::move(head).error();
        if (!*head || (*head)->start.sequence + (*head)->count <= after) continue;
        auto run = segment.run(book, account);
        if (!run) return std::move(run).error();
        RunReader in((*run)->bytes, (*run)->start, segment.first_block());
        while (!in.at_end() && out.size() < limit) {
            Result<HistoryItem> item = in.next();
            if (!item) return std::move(item).error();
            if (item->sequence <= after) continue;
            const Result<BlockPlace> place = segment.block(item->block);
            if (!place) return place.error();
            item->time = place->time;
            out.push_back(*item);
        }
    }
    for (HistoryItem& item : tail_.moves_of(book, account, after + 1)) {
        if (out.size() == limit) break;
        out.push_back(item);
    }
    return out;
}

Result<std::vector<HistoryItem>> HistoryIndex::before(std::uint32_t book, std::uint32_t account,
                                                      std::uint64_t before,
                                                      std::size_t limit) const {
    std::uint64_t last = 0;
    {
        const std::shared_lock lock(mutex_);
        last = tail_.last_sequence(book, account);
    }
    // The same moves from their other end: sequence numbers have no gaps.
    const std::uint64_t end = std::min(before, last + 1);
    if (end <= 1) return std::vector<HistoryItem>();
    const std::uint64_t count = std::min<std::uint64_t>(limit, end - 1);
    Result<std::vector<HistoryItem>> out = after(book, account, end - 1 - count, count);
    if (out) std::reverse(out->begin(), out->end());
    return out;
}

// None where the account was not moved in the segment at all.
Result<std::optional<Balances>> HistoryIndex::balance_in(const Segment& segment, std::uint32_t book,
                                                         std::uint32_t account, Time time) const {
    auto run = segment.run(book, account);
    if (!run) return std::move(run).error();
    if (!*run) return std::optional<Balances>();
    Balances out = (*run)->start.balances;
    RunReader in((*run)->bytes, (*run)->start, segment.first_block());
    BlockPlace place;
    while (!in.at_end()) {
        const Result<HistoryItem> item = in.next();
        if (!item) return item.error();
        if (item->block != place.number) {
            const Result<BlockPlace> found = segment.block(item->block);
            if (!found) return found.error();
            place = *found;
        }
        if (place.time > time) break;
        out = item->after;
    }
    return std::optional(out);
}

Result<Balances> HistoryIndex::balance_at(std::uint32_t book, std::uint32_t account,
                                          Time time) const {
    const std::shared_lock lock(mutex_);
    Balances out = tail_.start_of(book, account).balances;
    if (!tail_.blocks().empty() && tail_.blocks().front().time <= time) {
        for (const HistoryItem& item : tail_.moves_of(book, account, 0)) {
            if (item.time > time) break;
            out = item.after;
        }
        return out;
    }
    // The last segment that begins in time, and before it the last in which the account was moved.
    for (auto s = segments_.rbegin(); s != segments_.rend(); ++s) {
        if ((*s)->first_time() > time) continue;
        Result<std::optional<Balances>> found = balance_in(**s, book, account, time);
        if (!found) return std::move(found).error();
        if (*found) return **found;
    }
    return Balances{};
}

Result<std::vector<TransferPlace>> HistoryIndex::find(std::uint32_t book,
                                                      ledger::TransferId id) const {
    std::vector<TransferPlace> out;
    const std::shared_lock lock(mutex_);
    const std::uint64_t hash = id_hash(options_.secret, book, id);
    const std::span<const IdPlace> ids = tail_.ids();
    for (auto at = ids.rbegin(); at != ids.rend() && out.size() < same_hash_max; ++at) {
        if (at->hash == hash) out.push_back({tail_.first_block() + at->block, at->index});
    }
    for (auto s = segments_.rbegin(); s != segments_.rend() && out.size() < same_hash_max; ++s) {
        const auto found =
            (*s)->find(id_hash((*s)->secret(), book, id), same_hash_max - out.size());
        if (!found) return found.error();
        for (const IdPlace& place : *found)
            out.push_back({(*s)->first_block() + place.block, place.index});
    }
    return out;
}

Result<std::uint64_t> HistoryIndex::offset_of(std::uint64_t block) const {
    const std::shared_lock lock(mutex_);
    const std::span<const BlockPlace> recent = tail_.blocks();
    if (block == 0 || block >= tail_.first_block() + recent.size()) {
        return Error{ErrorCode::not_found, fmt::format("block {}: there are {}", block,
                                                       tail_.first_block() + recent.size() - 1)};
    }
    if (block >= tail_.first_block()) return recent[block - tail_.first_block()].offset;
    const auto segment = std::upper_bound(
        segments_.begin(), segments_.end(), block,
        [](std::uint64_t number, const auto& s) { return number < s->end_block(); });
    SUAN_ASSERT(segment != segments_.end());
    const Result<BlockPlace> place = (*segment)->block(block);
    if (!place) return place.error();
    return std::uint64_t{place->offset};
}

std::vector<std::uint64_t> HistoryIndex::sequences(std::uint32_t book) const {
    const std::shared_lock lock(mutex_);
    return tail_.sequences(book);
}

void HistoryIndex::set_start(std::uint32_t book, std::uint32_t account, const RunStart& start) {
    const std::unique_lock lock(mutex_);
    tail_.set_start(book, account, start);
}

}  // namespace suan::settle
