#include "settle/batch.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace suan::settle {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are copied as they are");

constexpr std::string_view magic = "SUANTRF1";
constexpr std::string_view signed_magic{"suan transfer 1\0", 16};
constexpr std::size_t transfer_bytes = sizeof(ledger::Transfer);
constexpr std::size_t signature_at = transfer_bytes + 24;
constexpr std::size_t point_at = signature_at + 64;

Error invalid(std::size_t offset, std::string_view field, std::string expected, std::string found) {
    return Error{ErrorCode::invalid, fmt::format("batch: offset {}: {}: expected {}, found {}",
                                                 offset, field, expected, found)};
}

template <std::size_t N>
std::array<std::uint8_t, N> fixed(std::string_view bytes, std::size_t offset) {
    std::array<std::uint8_t, N> out;
    std::memcpy(out.data(), bytes.data() + offset, N);
    return out;
}

Result<std::size_t> size_by_head(std::string_view bytes) {
    if (bytes.size() < batch_head_bytes) {
        return invalid(0, "head", fmt::format("{} bytes", batch_head_bytes),
                       fmt::format("{}", bytes.size()));
    }
    if (!bytes.starts_with(magic)) {
        return invalid(0, "magic", "SUANTRF1", to_hex(as_bytes(bytes.substr(0, 8))));
    }
    const std::uint32_t form = read_u32(bytes, 8);
    if (form > 3) return invalid(8, "form", "0 to 3", fmt::format("{}", form));
    const std::uint32_t count = read_u32(bytes, 12);
    if (count == 0 || count > limits::batch_transfers_max) {
        return invalid(12, "count", fmt::format("1 to {}", limits::batch_transfers_max),
                       fmt::format("{}", count));
    }
    if (read_u32(bytes, 20) != 0 || read_u64(bytes, 24) != 0) {
        return invalid(20, "reserved", "zero", to_hex(as_bytes(bytes.substr(20, 12))));
    }
    return batch_head_bytes + count * record_bytes(Form{form});
}

Result<void> check_head(std::string_view bytes) {
    const Result<std::size_t> size = size_by_head(bytes);
    if (!size) return size.error();
    if (bytes.size() != *size) {
        return invalid(std::min(*size, bytes.size()), "size", fmt::format("{} bytes", *size),
                       fmt::format("{}", bytes.size()));
    }
    return {};
}

void decode_signature(DecodedBatch& out, std::string_view record) {
    SignedPart part;
    part.key = read_u32(record, transfer_bytes);
    part.serial = read_u64(record, transfer_bytes + 8);
    part.valid_until_us = static_cast<std::int64_t>(read_u64(record, transfer_bytes + 16));
    out.signed_parts.push_back(part);
    out.signatures.push_back(fixed<64>(record, signature_at));
    if (out.form == Form::signed_point) out.points.push_back(fixed<64>(record, point_at));
    if (out.form == Form::signed_hint) {
        out.hints.push_back(static_cast<std::uint8_t>(record[transfer_bytes + 4]));
    }
}

// The hint is one byte of a signed_hint record, and nothing elsewhere.
bool hint_is_sound(Form form, std::uint32_t hint) {
    return form == Form::signed_hint ? hint <= UINT8_MAX : hint == 0;
}

void reserve(DecodedBatch& out, std::size_t count) {
    if (out.form == Form::plain) return;
    out.transfers.resize(count);
    out.signed_parts.reserve(count);
    out.signatures.reserve(count);
    if (out.form == Form::signed_point) out.points.reserve(count);
    if (out.form == Form::signed_hint) out.hints.reserve(count);
}

}  // namespace

std::size_t record_bytes(Form form) {
    if (form == Form::plain) return transfer_bytes;
    return form == Form::signed_point ? point_at + 64 : point_at;
}

std::uint32_t batch_book(std::string_view bytes) {
    return bytes.size() < batch_head_bytes ? 0 : read_u32(bytes, 16);
}

Result<DecodedBatch> view_batch(std::string_view bytes) {
    if (auto head = check_head(bytes); !head) return std::move(head).error();
    DecodedBatch out;
    out.form = Form{read_u32(bytes, 8)};
    out.book = read_u32(bytes, 16);
    const std::size_t count = read_u32(bytes, 12);
    const std::size_t size = record_bytes(out.form);
    reserve(out, count);
    if (out.form == Form::plain) {
        // Records without padding are bytes; strings are aligned as words are.
        const char* const records = bytes.data() + batch_head_bytes;
        if (reinterpret_cast<std::uintptr_t>(records) % alignof(ledger::Transfer) == 0) {
            out.in_place = {reinterpret_cast<const ledger::Transfer*>(records), count};
        } else {
            out.transfers.resize(count);
            std::memcpy(out.transfers.data(), records, count * size);
        }
        return out;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = batch_head_bytes + i * size;
        const std::string_view record = bytes.substr(at, size);
        std::memcpy(&out.transfers[i], record.data(), transfer_bytes);
        const std::uint32_t hint = read_u32(record, transfer_bytes + 4);
        if (!hint_is_sound(out.form, hint)) {
            return invalid(at + transfer_bytes + 4, "hint",
                           out.form == Form::signed_hint ? "0 to 255" : "0",
                           fmt::format("{}", hint));
        }
        decode_signature(out, record);
    }
    return out;
}

Result<DecodedBatch> decode_batch(std::string_view bytes) {
    Result<DecodedBatch> out = view_batch(bytes);
    if (!out || out->in_place.empty()) return out;
    out->transfers.assign(out->in_place.begin(), out->in_place.end());
    out->in_place = {};
    return out;
}

Result<std::size_t> batch_bytes(std::string_view head) {
    return size_by_head(head);
}

std::string encode_batch(const DecodedBatch& batch) {
    const std::size_t count = batch.transfers.size();
    SUAN_ASSERT(batch.form == Form::plain || batch.signed_parts.size() == count);
    std::string out(magic);
    out.reserve(batch_head_bytes + count * record_bytes(batch.form));
    append_u32(out, static_cast<std::uint32_t>(batch.form));
    append_u32(out, static_cast<std::uint32_t>(count));
    append_u32(out, batch.book);
    out.append(12, '\0');
    for (std::size_t i = 0; i < count; ++i) {
        out.append(reinterpret_cast<const char*>(&batch.transfers[i]), transfer_bytes);
        if (batch.form == Form::plain) continue;
        append_u32(out, batch.signed_parts[i].key);
        append_u32(out, batch.form == Form::signed_hint ? batch.hints[i] : 0U);
        append_u64(out, batch.signed_parts[i].serial);
        append_u64(out, static_cast<std::uint64_t>(batch.signed_parts[i].valid_until_us));
        out.append(as_text(batch.signatures[i]));
        if (batch.form == Form::signed_point) out.append(as_text(batch.points[i]));
    }
    return out;
}

void append_signed_message(std::string& out, const Hash256& journal_id, std::uint32_t book,
                           const SignedPart& part, const ledger::Transfer& transfer) {
    out.append(signed_magic);
    out.append(as_text(journal_id));
    append_u32(out, book);
    append_u32(out, part.key);
    append_u64(out, part.serial);
    append_u64(out, static_cast<std::uint64_t>(part.valid_until_us));
    out.append(reinterpret_cast<const char*>(&transfer), transfer_bytes);
}

}  // namespace suan::settle
