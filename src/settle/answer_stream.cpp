#include "settle/answer_stream.hpp"

#include "log/codec.hpp"
#include "settle/books/limits.hpp"

#include <fmt/format.h>

namespace suan::settle {
namespace {

constexpr std::string_view answer_magic = "SUANTRA1";
constexpr std::string_view refusal_magic = "SUANTRE1";
constexpr std::size_t alignment = 8;

void pad(std::string& out) {
    out.append((alignment - out.size() % alignment) % alignment, '\0');
}

Result<AnsweredBatch> read_answer(log::ByteReader& in) {
    AnsweredBatch out;
    const std::uint32_t count = in.u32("count");
    in.u32("zero");
    out.block = in.u64("block");
    out.time = Time{static_cast<std::int64_t>(in.u64("time"))};
    if (count > limits::batch_transfers_max) {
        return Error{ErrorCode::corrupt, fmt::format("answers: count {} is too large", count)};
    }
    for (const char byte : in.take(count, "answers")) {
        const auto number = static_cast<std::uint8_t>(byte);
        if (!is_code(number)) {
            return Error{ErrorCode::corrupt, fmt::format("answers: {} is no answer", number)};
        }
        out.codes.push_back(Code{number});
    }
    return out;
}

RefusedBatch read_refusal(log::ByteReader& in) {
    RefusedBatch out;
    out.status = in.u32("status");
    out.json = std::string(in.take(in.count(1, "bytes"), "reason"));
    return out;
}

}  // namespace

// A frame's own size is a multiple of 8, so that frames may be appended to each other.
void append_answer(std::string& out, const Settled& settled) {
    std::string frame(answer_magic);
    append_u32(frame, static_cast<std::uint32_t>(settled.codes.size()));
    append_u32(frame, 0);
    append_u64(frame, settled.block.number);
    append_u64(frame, static_cast<std::uint64_t>(settled.block.time.us));
    frame.append(reinterpret_cast<const char*>(settled.codes.data()), settled.codes.size());
    pad(frame);
    out.append(frame);
}

void append_answer(std::string& out, const RefusedBatch& refused) {
    std::string frame(refusal_magic);
    append_u32(frame, refused.status);
    append_u32(frame, static_cast<std::uint32_t>(refused.json.size()));
    frame.append(refused.json);
    pad(frame);
    out.append(frame);
}

Result<std::vector<BatchAnswer>> decode_answers(std::string_view bytes) {
    std::vector<BatchAnswer> out;
    log::ByteReader in(bytes, "answers");
    while (in.ok() && in.left() > 0) {
        const std::string_view magic = in.take(answer_magic.size(), "magic");
        if (magic == answer_magic) {
            Result<AnsweredBatch> answer = read_answer(in);
            if (!answer) return std::move(answer).error();
            out.emplace_back(std::move(*answer));
        } else if (magic == refusal_magic) {
            out.emplace_back(read_refusal(in));
        } else {
            return Error{ErrorCode::corrupt,
                         fmt::format("answers: offset {}: expected {} or {}",
                                     in.offset() - magic.size(), answer_magic, refusal_magic)};
        }
        const std::size_t past = in.offset() % alignment;
        if (past != 0) in.take(alignment - past, "padding");
    }
    if (!in.ok()) return in.error();
    return out;
}

}  // namespace suan::settle
