#include "log/codec.hpp"
#include "log/crc32c.hpp"
#include "settle/history/kept_state.hpp"

#include <cstring>

namespace suan::settle {
namespace {

constexpr std::string_view magic = "SUANSST2";

template <typename Record>
void append_records(std::string& out, const std::vector<Record>& records) {
    append_u32(out, static_cast<std::uint32_t>(records.size()));
    out.append(reinterpret_cast<const char*>(records.data()), records.size() * sizeof(Record));
}

template <typename Record>
std::vector<Record> read_records(log::ByteReader& in, std::string_view field) {
    std::vector<Record> out(in.count(sizeof(Record), field));
    const std::string_view bytes = in.take(out.size() * sizeof(Record), field);
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
}

void append_key(std::string& out, const BookState::Key& key) {
    log::append_fixed(out, key.raw);
    append_u64(out, key.serials.highest());
    for (const std::uint64_t word : key.serials.seen())
        append_u64(out, word);
}

BookState::Key read_key(log::ByteReader& in) {
    BookState::Key out;
    out.raw = in.fixed<65>("key");
    const std::uint64_t highest = in.u64("serial");
    std::array<std::uint64_t, SerialWindow::words> seen{};
    for (std::uint64_t& word : seen)
        word = in.u64("serials");
    out.serials = SerialWindow::restored(highest, seen);
    return out;
}

void append_rules(std::string& out, const BookState::Rules& rules) {
    append_u32(out, rules.account);
    append_u32(out, rules.contract);
    append_records(out, rules.keys);
    append_u32(out, static_cast<std::uint32_t>(rules.counters.size()));
    for (const BookState::Counter& counter : rules.counters) {
        append_u64(out, static_cast<std::uint64_t>(counter.window));
        append_u64(out, counter.used);
    }
}

BookState::Rules read_rules(log::ByteReader& in) {
    BookState::Rules out;
    out.account = in.u32("account");
    out.contract = in.u32("contract");
    out.keys = read_records<std::uint32_t>(in, "keys");
    out.counters.resize(in.count(16, "counters"));
    for (BookState::Counter& counter : out.counters) {
        counter.window = static_cast<std::int64_t>(in.u64("window"));
        counter.used = in.u64("used");
    }
    return out;
}

void append_book(std::string& out, const KeptBook& book) {
    const BookState& s = book.state;
    append_u32(out, book.number);
    append_u64(out, s.finished);
    append_u64(out, s.made);
    append_u64(out, s.changes);
    append_u64(out, s.rule_changes);
    append_records(out, s.ledger.accounts);
    append_records(out, s.ledger.pending);
    append_records(out, book.sequences);
    append_u32(out, static_cast<std::uint32_t>(s.keys.size()));
    for (const BookState::Key& key : s.keys)
        append_key(out, key);
    append_u32(out, static_cast<std::uint32_t>(s.contracts.size()));
    for (const std::string& text : s.contracts) {
        append_u32(out, static_cast<std::uint32_t>(text.size()));
        out += text;
    }
    append_u32(out, static_cast<std::uint32_t>(s.rules.size()));
    for (const BookState::Rules& rules : s.rules)
        append_rules(out, rules);
}

KeptBook read_book(log::ByteReader& in) {
    KeptBook out;
    BookState& s = out.state;
    out.number = in.u32("book");
    s.finished = in.u64("finished");
    s.made = in.u64("made");
    s.changes = in.u64("changes");
    s.rule_changes = in.u64("rule changes");
    s.ledger.accounts = read_records<ledger::Account>(in, "accounts");
    s.ledger.pending = read_records<ledger::Transfer>(in, "pending");
    out.sequences = read_records<std::uint64_t>(in, "sequences");
    s.keys.resize(in.count(65 + 8 + 8 * SerialWindow::words, "keys"));
    for (BookState::Key& key : s.keys)
        key = read_key(in);
    s.contracts.resize(in.count(4, "contracts"));
    for (std::string& text : s.contracts)
        text = in.take(in.count(1, "text"), "text");
    s.rules.resize(in.count(16, "rules"));
    for (BookState::Rules& rules : s.rules)
        rules = read_rules(in);
    return out;
}

}  // namespace

std::string encode_kept(const Hash256& journal_id, const KeptState& state) {
    std::string out(magic);
    log::append_fixed(out, journal_id);
    append_u64(out, state.position.last_number);
    log::append_fixed(out, state.position.last_hash);
    append_u64(out, state.offset);
    append_u64(out, static_cast<std::uint64_t>(state.time.us));
    append_u32(out, static_cast<std::uint32_t>(state.books.size()));
    for (const KeptBook& book : state.books)
        append_book(out, book);
    append_u32(out, log::crc32c(out));
    return out;
}

Result<KeptState> decode_kept(std::string_view bytes, const Hash256& journal_id) {
    const auto corrupt = [](const char* what) { return Error{ErrorCode::corrupt, what}; };
    if (bytes.size() < 4 ||
        log::crc32c(bytes.substr(0, bytes.size() - 4)) != read_u32(bytes, bytes.size() - 4)) {
        return corrupt("kept state: its checksum is wrong");
    }
    log::ByteReader in(bytes.substr(0, bytes.size() - 4), "kept state");
    in.expect(magic, "magic");
    if (in.hash("journal") != journal_id && in.ok()) {
        return corrupt("kept state: it is of another journal");
    }
    KeptState out;
    out.position.last_number = in.u64("block");
    out.position.last_hash = in.hash("block hash");
    out.offset = in.u64("offset");
    out.time = Time{static_cast<std::int64_t>(in.u64("time"))};
    const std::uint32_t books = in.count(4 + 8 * 4 + 4 * 6, "books");
    for (std::uint32_t i = 0; i < books && in.ok(); ++i)
        out.books.push_back(read_book(in));
    in.expect_end();
    if (!in.ok()) return in.error();
    return out;
}

}  // namespace suan::settle
