#include "settle/history/segment.hpp"

#include "base/assert.hpp"
#include "log/codec.hpp"
#include "log/crc32c.hpp"
#include "settle/file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <type_traits>

namespace suan::settle {
namespace {

constexpr std::string_view magic = "SUANSHX1";
constexpr std::size_t head_bytes = 128;
constexpr std::size_t block_entry_bytes = 32;
constexpr std::size_t account_entry_bytes = 80;
constexpr std::size_t id_entry_bytes = 16;
constexpr std::size_t finish_entry_bytes = 8 + sizeof(ledger::Transfer) + 8;

Error corrupt(std::string_view what) {
    return Error{ErrorCode::corrupt, fmt::format("history segment: {}", what)};
}

void append_balances(std::string& out, const Balances& b) {
    append_u64(out, b.debits_pending);
    append_u64(out, b.debits_posted);
    append_u64(out, b.credits_pending);
    append_u64(out, b.credits_posted);
}

std::string encode_blocks(std::span<const BlockPlace> blocks) {
    std::string out;
    for (const BlockPlace& b : blocks) {
        append_u64(out, b.offset);
        append_u64(out, static_cast<std::uint64_t>(b.time.us));
        append_u32(out, b.book);
        append_u32(out, b.finished);
        append_u64(out, 0);
    }
    return out;
}

// 80 bytes: book, account | sequence | balances | offset, size, count | checksum of these and of
// the run | zero.
void append_account(SegmentBytes& out, const Tail::Run& run) {
    const std::size_t start = out.accounts.size();
    append_u32(out.accounts, run.book);
    append_u32(out.accounts, run.account);
    append_u64(out.accounts, run.start.sequence);
    append_balances(out.accounts, run.start.balances);
    append_u64(out.accounts, run.offset);
    append_u64(out.accounts, run.size);
    append_u64(out.accounts, run.count);
    const std::uint32_t head_crc = log::crc32c(std::string_view(out.accounts).substr(start));
    const std::string_view bytes = std::string_view(out.runs).substr(run.offset, run.size);
    append_u32(out.accounts, log::crc32c(bytes, head_crc));
    append_u32(out.accounts, 0);
    SUAN_ASSERT(out.accounts.size() - start == account_entry_bytes);
}

// Of one id that was used again after it was forgotten the newest comes first.
bool stands_before(const IdPlace& a, const IdPlace& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return a.block != b.block ? a.block > b.block : a.index > b.index;
}

// In order of hash. Hashes are spread evenly, so their first bits take each near its place, and
// what is left to sort are stretches of a few.
std::vector<IdPlace> sorted(std::span<const IdPlace> ids) {
    const auto bits = static_cast<unsigned>(std::bit_width(ids.size() / 4));
    const auto stretch_of = [&](const IdPlace& id) {
        return bits == 0 ? 0 : static_cast<std::size_t>(id.hash >> (64 - bits));
    };
    std::vector<std::size_t> ends((std::size_t{1} << bits) + 1);
    for (const IdPlace& id : ids)
        ++ends[stretch_of(id) + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<IdPlace> out(ids.size());
    for (const IdPlace& id : ids)
        out[ends[stretch_of(id)]++] = id;
    std::size_t start = 0;
    for (const std::size_t end : std::span(ends).first(ends.size() - 1)) {
        std::sort(out.begin() + static_cast<std::ptrdiff_t>(start),
                  out.begin() + static_cast<std::ptrdiff_t>(end), stands_before);
        start = end;
    }
    return out;
}

std::string encode_finishes(std::span<const LateFinish> finishes) {
    std::string out;
    for (const LateFinish& f : finishes) {
        append_u32(out, f.block);
        append_u32(out, f.finish.place);
        out.append(reinterpret_cast<const char*>(&f.finish.remembered.transfer),
                   sizeof(ledger::Transfer));
        append_u64(out, static_cast<std::uint64_t>(f.finish.remembered.state));
    }
    return out;
}

}  // namespace

std::array<std::string_view, 6> SegmentBytes::pieces() const {
    static_assert(std::has_unique_object_representations_v<IdPlace>);
    static_assert(sizeof(IdPlace) == id_entry_bytes);
    static_assert(std::endian::native == std::endian::little);
    const std::string_view id_bytes(reinterpret_cast<const char*>(ids.data()),
                                    ids.size() * id_entry_bytes);
    return {head, blocks, accounts, id_bytes, finishes, runs};
}

SegmentBytes encode_segment(const Hash256& journal_id, std::uint64_t secret, const Tail& tail,
                            std::span<const LateFinish> finishes) {
    SUAN_ASSERT(!tail.blocks().empty());
    SegmentBytes out;
    out.blocks = encode_blocks(tail.blocks());
    for (const Tail::Run& run : tail.encode_runs(out.runs))
        append_account(out, run);
    out.ids = sorted(tail.ids());
    out.finishes = encode_finishes(finishes);
    out.head = magic;
    out.head.append(as_text(journal_id));
    append_u64(out.head, tail.first_block());
    append_u64(out.head, tail.blocks().size());
    append_u64(out.head, out.accounts.size() / account_entry_bytes);
    append_u64(out.head, out.runs.size());
    append_u64(out.head, out.ids.size());
    append_u64(out.head, finishes.size());
    append_u64(out.head, secret);
    append_u32(out.head, log::crc32c(out.blocks));
    append_u32(out.head, log::crc32c(out.finishes));
    out.head.append(head_bytes - 4 - out.head.size(), '\0');
    append_u32(out.head, log::crc32c(out.head));
    return out;
}

Segment::~Segment() {
    ::close(fd_);
}

Result<std::unique_ptr<Segment>> Segment::open(const std::filesystem::path& path,
                                               const Hash256& journal_id) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return Error{ErrorCode::io,
                     fmt::format("{}: open: {}", path.string(), std::strerror(errno))};
    }
    std::unique_ptr<Segment> out(new Segment(fd));
    if (auto done = out->read_head(journal_id); !done) {
        return std::move(done).error().wrap(path.string());
    }
    return out;
}

Result<void> Segment::read_head(const Hash256& journal_id) {
    const Result<std::string> head = read(0, head_bytes);
    if (!head) return head.error();
    if (!head->starts_with(magic) ||
        read_u32(*head, head_bytes - 4) !=
            log::crc32c(std::string_view(*head).substr(0, head_bytes - 4))) {
        return corrupt("the head is broken");
    }
    if (head->substr(8, 32) != as_text(journal_id)) return corrupt("it is of another journal");
    first_block_ = read_u64(*head, 40);
    blocks_ = read_u64(*head, 48);
    accounts_ = read_u64(*head, 56);
    run_bytes_ = read_u64(*head, 64);
    ids_ = read_u64(*head, 72);
    finishes_ = read_u64(*head, 80);
    secret_ = read_u64(*head, 88);
    blocks_crc_ = read_u32(*head, 96);
    finishes_crc_ = read_u32(*head, 100);
    if (blocks_ == 0 || blocks_ > UINT32_MAX) return corrupt("it has no blocks");
    const Result<std::vector<BlockPlace>> all = blocks();
    if (!all) return all.error();
    first_time_ = all->front().time;
    return {};
}

// All of the bytes asked for.
Result<std::string> Segment::read(std::uint64_t offset, std::size_t count) const {
    auto bytes = read_at(fd_, offset, count);
    if (bytes && bytes->size() < count) return corrupt("it ends too early");
    return bytes;
}

namespace {

BlockPlace decode_block(std::string_view bytes, std::uint64_t number) {
    BlockPlace out;
    out.number = number;
    out.offset = read_u64(bytes, 0);
    out.time = Time{static_cast<std::int64_t>(read_u64(bytes, 8))};
    out.book = read_u32(bytes, 16);
    out.finished = read_u32(bytes, 20);
    return out;
}

}  // namespace

Result<BlockPlace> Segment::block(std::uint64_t number) const {
    SUAN_ASSERT(number >= first_block_ && number < end_block());
    const std::uint64_t at = number - first_block_;
    const Result<std::string> bytes = read(head_bytes + at * block_entry_bytes, block_entry_bytes);
    if (!bytes) return bytes.error();
    return decode_block(*bytes, number);
}

Result<std::vector<BlockPlace>> Segment::blocks() const {
    const Result<std::string> bytes = read(head_bytes, blocks_ * block_entry_bytes);
    if (!bytes) return bytes.error();
    if (log::crc32c(*bytes) != blocks_crc_) return corrupt("the list of blocks is broken");
    std::vector<BlockPlace> out;
    for (std::uint64_t i = 0; i < blocks_; ++i) {
        out.push_back(
            decode_block(std::string_view(*bytes).substr(i * block_entry_bytes), first_block_ + i));
    }
    return out;
}

Result<std::vector<LateFinish>> Segment::finishes() const {
    const std::uint64_t at = head_bytes + blocks_ * block_entry_bytes +
                             accounts_ * account_entry_bytes + ids_ * id_entry_bytes;
    const Result<std::string> bytes = read(at, finishes_ * finish_entry_bytes);
    if (!bytes) return bytes.error();
    if (log::crc32c(*bytes) != finishes_crc_) return corrupt("the list of finishes is broken");
    std::vector<LateFinish> out(finishes_);
    for (std::uint64_t i = 0; i < finishes_; ++i) {
        const std::string_view entry = std::string_view(*bytes).substr(i * finish_entry_bytes);
        out[i].block = read_u32(entry, 0);
        out[i].finish.place = read_u32(entry, 4);
        std::memcpy(&out[i].finish.remembered.transfer, entry.data() + 8, sizeof(ledger::Transfer));
        out[i].finish.remembered.state =
            static_cast<ledger::TransferState>(read_u64(entry, finish_entry_bytes - 8));
    }
    return out;
}

// Entries stand in the order of book and account.
Result<std::optional<Segment::Entry>> Segment::find_entry(std::uint32_t book,
                                                          std::uint32_t account) const {
    const std::uint64_t start = head_bytes + blocks_ * block_entry_bytes;
    std::uint64_t low = 0;
    std::uint64_t high = accounts_;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        const Result<std::string> bytes =
            read(start + middle * account_entry_bytes, account_entry_bytes);
        if (!bytes) return bytes.error();
        const std::pair found(read_u32(*bytes, 0), read_u32(*bytes, 4));
        if (found == std::pair(book, account)) {
            Entry out;
            out.run.start.sequence = read_u64(*bytes, 8);
            out.run.start.balances = {read_u64(*bytes, 16), read_u64(*bytes, 24),
                                      read_u64(*bytes, 32), read_u64(*bytes, 40)};
            out.offset = read_u64(*bytes, 48);
            out.size = read_u64(*bytes, 56);
            out.run.count = read_u64(*bytes, 64);
            out.crc = read_u32(*bytes, 72);
            out.head = bytes->substr(0, 72);
            return std::optional(std::move(out));
        }
        found < std::pair(book, account) ? low = middle + 1 : high = middle;
    }
    return std::optional<Entry>();
}

Result<std::optional<Segment::Run>> Segment::run_head(std::uint32_t book,
                                                      std::uint32_t account) const {
    Result<std::optional<Entry>> entry = find_entry(book, account);
    if (!entry) return entry.error();
    if (!*entry) return std::optional<Run>();
    return std::optional(std::move((*entry)->run));
}

Result<std::optional<Segment::Run>> Segment::run(std::uint32_t book, std::uint32_t account) const {
    Result<std::optional<Entry>> entry = find_entry(book, account);
    if (!entry) return entry.error();
    if (!*entry) return std::optional<Run>();
    Entry& found = **entry;
    if (found.offset > run_bytes_ || found.size > run_bytes_ - found.offset) {
        return corrupt("a run lies outside");
    }
    const std::uint64_t runs_at = head_bytes + blocks_ * block_entry_bytes +
                                  accounts_ * account_entry_bytes + ids_ * id_entry_bytes +
                                  finishes_ * finish_entry_bytes;
    Result<std::string> bytes = read(runs_at + found.offset, found.size);
    if (!bytes) return bytes.error();
    if (log::crc32c(*bytes, log::crc32c(found.head)) != found.crc) {
        return corrupt(fmt::format("the run of book {}, account {} is broken", book, account));
    }
    found.run.bytes = std::move(*bytes);
    return std::optional(std::move(found.run));
}

Result<std::vector<IdPlace>> Segment::find(std::uint64_t hash, std::size_t most) const {
    const std::uint64_t start =
        head_bytes + blocks_ * block_entry_bytes + accounts_ * account_entry_bytes;
    const auto entry = [&](std::uint64_t i) { return read(start + i * id_entry_bytes, 16); };
    std::uint64_t low = 0;
    std::uint64_t high = ids_;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        const Result<std::string> bytes = entry(middle);
        if (!bytes) return bytes.error();
        read_u64(*bytes, 0) < hash ? low = middle + 1 : high = middle;
    }
    std::vector<IdPlace> out;
    for (; low < ids_ && out.size() < most; ++low) {
        const Result<std::string> bytes = entry(low);
        if (!bytes) return bytes.error();
        if (read_u64(*bytes, 0) != hash) break;
        out.push_back(IdPlace{hash, read_u32(*bytes, 8), read_u32(*bytes, 12)});
    }
    return out;
}

}  // namespace suan::settle
