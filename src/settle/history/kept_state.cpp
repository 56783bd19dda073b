#include "settle/history/kept_state.hpp"

#include "settle/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

namespace suan::settle {
namespace {

namespace fs = std::filesystem;

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

// A segment's blocks that hold finished transfers which a book still remembers.
struct Stretch {
    const Segment* segment = nullptr;
    std::vector<BlockPlace> blocks;
};

// Going back until each book has as many as it remembers.
Result<std::vector<Stretch>> find_stretches(const KeptState& state, const HistoryIndex& index) {
    std::map<std::uint32_t, std::uint64_t> missing;
    for (const KeptBook& book : state.books) {
        if (book.state.finished != 0) missing[book.number] = book.state.finished;
    }
    std::vector<Stretch> out;
    const auto& segments = index.segments();
    for (auto s = segments.rbegin(); s != segments.rend() && !missing.empty(); ++s) {
        Result<std::vector<BlockPlace>> blocks = (*s)->blocks();
        if (!blocks) return std::move(blocks).error();
        Stretch& stretch = out.emplace_back();
        stretch.segment = s->get();
        for (auto b = blocks->rbegin(); b != blocks->rend(); ++b) {
            const auto wanted = missing.find(b->book);
            if (wanted == missing.end() || b->finished == 0) continue;
            stretch.blocks.push_back(*b);
            wanted->second -= std::min<std::uint64_t>(wanted->second, b->finished);
            if (wanted->second == 0) missing.erase(wanted);
        }
        std::reverse(stretch.blocks.begin(), stretch.blocks.end());
    }
    if (!missing.empty()) return corrupt("kept state: the segments hold too few transfers");
    std::reverse(out.begin(), out.end());
    return out;
}

// The transfers that finished in one block, in order: its own records, and the others at their
// places between them.
void take_frame(const Frame& frame, std::span<const LateFinish> late,
                std::vector<ledger::Remembered>& out) {
    const std::size_t size = (frame.body.size() - batch_head_bytes) / frame.block.count;
    auto next = late.begin();
    for (std::uint32_t i = 0; i < frame.block.count; ++i) {
        for (; next != late.end() && next->finish.place < finish_place(i); ++next)
            out.push_back(next->finish.remembered);
        if (frame.answers[i] != 0) continue;
        ledger::Remembered made;
        std::memcpy(&made.transfer, frame.body.data() + batch_head_bytes + i * size,
                    sizeof made.transfer);
        if ((made.transfer.flags & ledger::transfer_flags::pending) != 0) continue;
        made.transfer.flags &= static_cast<std::uint16_t>(~ledger::transfer_flags::linked);
        made.transfer.timestamp_us = frame.block.time.us;
        out.push_back(made);
    }
    for (; next != late.end(); ++next)
        out.push_back(next->finish.remembered);
}

}  // namespace

fs::path kept_path(const fs::path& folder) {
    return folder / "books.state";
}

Result<KeptState> read_kept(const fs::path& folder, const Hash256& journal_id) {
    std::ifstream in(kept_path(folder), std::ios::binary);
    if (!in) return Error{ErrorCode::not_found, "no state is kept"};
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    return decode_kept(bytes, journal_id);
}

Result<void> fill_finished(KeptState& state, const HistoryIndex& index, const Journal& journal) {
    const Result<std::vector<Stretch>> stretches = find_stretches(state, index);
    if (!stretches) return stretches.error();
    std::map<std::uint32_t, std::vector<ledger::Remembered>*> rings;
    for (KeptBook& book : state.books) {
        rings[book.number] = &book.state.ledger.finished;
        book.state.ledger.finished.reserve(book.state.finished + limits::batch_transfers_max);
    }
    for (const Stretch& stretch : *stretches) {
        const Result<std::vector<LateFinish>> finishes = stretch.segment->finishes();
        if (!finishes) return finishes.error();
        for (const BlockPlace& place : stretch.blocks) {
            const Result<std::string> bytes = journal.read_frame_at(place.offset);
            if (!bytes) return bytes.error();
            const Result<Frame> frame = decode_frame(*bytes);
            if (!frame) return frame.error();
            if (frame->block.number != place.number || batch_book(frame->body) != place.book) {
                return corrupt(
                    fmt::format("offset {}: expected block {}", place.offset, place.number));
            }
            const auto in_block =
                static_cast<std::uint32_t>(place.number - stretch.segment->first_block());
            const auto range = std::equal_range(
                finishes->begin(), finishes->end(), LateFinish{in_block, {}},
                [](const LateFinish& a, const LateFinish& b) { return a.block < b.block; });
            take_frame(*frame, {range.first, range.second}, *rings.at(place.book));
        }
    }
    for (KeptBook& book : state.books) {
        std::vector<ledger::Remembered>& ring = book.state.ledger.finished;
        if (ring.size() < book.state.finished) return corrupt("kept state: a transfer is missing");
        ring.erase(ring.begin(), ring.end() - static_cast<std::ptrdiff_t>(book.state.finished));
    }
    return {};
}

}  // namespace suan::settle
