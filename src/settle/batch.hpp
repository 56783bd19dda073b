// A batch of transfers as tenants send it and journals keep it: docs/formats/settle-batch.md.
//
//   head, 32 bytes: "SUANTRF1" | u32 form | u32 count | u32 book | 12 zero bytes
//   record: the 128 bytes of ledger::Transfer, and in signed forms
//           u32 key | u32 hint | u64 serial | i64 valid until, us | 64 bytes r, s
//           and where the point is sent 64 bytes of it: x, y
//
// Numbers are little-endian, points and signatures big-endian. What is signed is in
// signed_message.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/sm2.hpp"
#include "settle/books/book.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::settle {

enum class Form : std::uint32_t {
    plain = 0,         // moves accounts without keys
    signed_only = 1,   // r and s
    signed_point = 2,  // and the point R, which makes verifying in batches cheap
    signed_hint = 3,   // and bits from which R is found
};

using SignaturePoint = std::array<std::uint8_t, 64>;

inline constexpr std::size_t batch_head_bytes = 32;
inline constexpr std::size_t signed_message_bytes = 200;
std::size_t record_bytes(Form form);

// What a batch holds, in columns.
struct DecodedBatch {
    Form form = Form::plain;
    std::uint32_t book = 0;
    std::vector<ledger::Transfer> transfers;
    std::span<const ledger::Transfer> in_place;  // instead of them: see view_batch
    // In the signed forms, as long as transfers.
    std::vector<SignedPart> signed_parts;
    std::vector<crypto::Signature> signatures;
    std::vector<SignaturePoint> points;  // form signed_point
    std::vector<std::uint8_t> hints;     // form signed_hint

    std::span<const ledger::Transfer> records() const {
        return in_place.empty() ? std::span<const ledger::Transfer>(transfers) : in_place;
    }
};

// `invalid` names the offset, what was expected and what was found.
Result<DecodedBatch> decode_batch(std::string_view bytes);
// The same, but the records of a plain batch stay where they are where they are aligned: `records`
// are of the bytes, which must stay as long.
Result<DecodedBatch> view_batch(std::string_view bytes);
std::string encode_batch(const DecodedBatch& batch);
// How long a batch is that begins with these batch_head_bytes or more. `invalid` as decode_batch.
Result<std::size_t> batch_bytes(std::string_view head);
// The book that a batch names, if it is long enough to name one.
std::uint32_t batch_book(std::string_view bytes);

// The bytes that a signer signs, signed_message_bytes of them. The journal's id and the book keep a
// signature from being used anywhere else.
//   "suan transfer 1" and a zero byte | 32 bytes journal id | u32 book | u32 key | u64 serial |
//   i64 valid until, us | the 128 bytes of the record
void append_signed_message(std::string& out, const Hash256& journal_id, std::uint32_t book,
                           const SignedPart& part, const ledger::Transfer& transfer);

}  // namespace suan::settle
