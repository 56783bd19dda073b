// Answers to a stream of batches, one frame a batch: docs/formats/settle-batch.md, "answers".
//
//   "SUANTRA1" | u32 count | u32 zero | u64 block | i64 time, us | count answers of one byte
//   "SUANTRE1" | u32 status | u32 bytes | that many bytes of JSON: why the batch was refused whole
//
// Each frame is padded with zeros to a multiple of 8.
#pragma once

#include "base/result.hpp"
#include "settle/engine.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace suan::settle {

// Batches of one stream. An answer costs about 200 bytes until all are there, however few
// transfers its batch has.
inline constexpr std::size_t stream_batches_max = 16'384;

// A batch that was refused whole: the status and body of an HTTP answer.
struct RefusedBatch {
    std::uint32_t status = 0;
    std::string json{};
};
struct AnsweredBatch {
    std::uint64_t block = 0;
    Time time;
    std::vector<Code> codes{};
};
using BatchAnswer = std::variant<AnsweredBatch, RefusedBatch>;

void append_answer(std::string& out, const Settled& settled);
void append_answer(std::string& out, const RefusedBatch& refused);

// All frames. `corrupt` names offset, expected and found.
Result<std::vector<BatchAnswer>> decode_answers(std::string_view bytes);

}  // namespace suan::settle
