#include "settle/history/run.hpp"

namespace suan::settle {
namespace {

char* put_number(char* out, std::uint64_t value) {
    while (value >= 0x80) {
        *out++ = static_cast<char>(value | 0x80);
        value >>= 7;
    }
    *out++ = static_cast<char>(value);
    return out;
}

bool adds_held(MoveKind kind) {
    return kind == MoveKind::hold;
}
bool releases(MoveKind kind) {
    return kind == MoveKind::post || kind == MoveKind::release || kind == MoveKind::expiry;
}
bool posts(MoveKind kind) {
    return kind == MoveKind::transfer || kind == MoveKind::post || kind == MoveKind::derived;
}

}  // namespace

void apply_move(Balances& balances, const HistoryItem& item) {
    const bool is_debit = item.side == MoveSide::debit;
    std::uint64_t& pending = is_debit ? balances.debits_pending : balances.credits_pending;
    std::uint64_t& posted = is_debit ? balances.debits_posted : balances.credits_posted;
    pending += item.held - item.released;
    posted += item.posted;
}

void RunWriter::add(std::string& out, std::uint64_t block, const Move& move, MoveSide side) {
    char bytes[1 + 4 * 10];  // four numbers of at most ten bytes
    char* end = bytes;
    *end++ = static_cast<char>(static_cast<unsigned>(move.kind) * 2 + static_cast<unsigned>(side));
    end = put_number(end, block - block_);
    end = put_number(end, move.index);
    if (adds_held(move.kind)) end = put_number(end, move.held);
    if (releases(move.kind)) end = put_number(end, move.released);
    if (posts(move.kind)) end = put_number(end, move.posted);
    out.append(bytes, static_cast<std::size_t>(end - bytes));
    block_ = block;
}

bool RunReader::take(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

Result<HistoryItem> RunReader::next() {
    const Error corrupt{ErrorCode::corrupt, "history: a run of moves is broken"};
    if (rest_.empty()) return corrupt;
    const auto head = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (head > static_cast<unsigned>(MoveKind::derived) * 2 + 1) return corrupt;
    HistoryItem item;
    item.kind = static_cast<MoveKind>(head / 2);
    item.side = static_cast<MoveSide>(head % 2);
    std::uint64_t blocks = 0;
    std::uint64_t index = 0;
    bool is_sound = take(blocks) && take(index) && index <= UINT32_MAX;
    if (adds_held(item.kind)) is_sound = is_sound && take(item.held);
    if (releases(item.kind)) is_sound = is_sound && take(item.released);
    if (posts(item.kind)) is_sound = is_sound && take(item.posted);
    if (!is_sound) return corrupt;
    block_ += blocks;
    item.block = block_;
    item.index = static_cast<std::uint32_t>(index);
    item.sequence = ++at_.sequence;
    apply_move(at_.balances, item);
    item.after = at_.balances;
    return item;
}

}  // namespace suan::settle
