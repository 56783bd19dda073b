#include "settle/admin_codec.hpp"

#include "log/codec.hpp"

#include <fmt/format.h>

namespace suan::settle {
namespace {

constexpr std::uint32_t kinds = std::variant_size_v<Admin>;

void append_id(std::string& out, ledger::AccountId id) {
    append_u64(out, id.high);
    append_u64(out, id.low);
}

ledger::AccountId read_id(log::ByteReader& in, std::string_view field) {
    ledger::AccountId id;
    id.high = in.u64(field);
    id.low = in.u64(field);
    return id;
}

void write(std::string&, const OpenBook&) {}

// Only what the sender of an account may choose.
void write(std::string& out, const OpenAccount& c) {
    append_id(out, c.account.id);
    append_u32(out, c.account.ledger);
    append_u32(out, (static_cast<std::uint32_t>(c.account.code) << 16) | c.account.flags);
}
void write(std::string& out, const SetGate& c) {
    append_id(out, c.account);
    append_u32(out, static_cast<std::uint32_t>(c.gate));
}
void write(std::string& out, const AddKey& c) {
    out.append(as_text(c.key));
}
void write(std::string& out, const SetKey& c) {
    append_id(out, c.account);
    append_u32(out, c.key);
    append_u32(out, static_cast<std::uint32_t>(c.right));
}
void write(std::string& out, const AddContract& c) {
    append_u32(out, static_cast<std::uint32_t>(c.text.size()));
    out.append(c.text);
}
void write(std::string& out, const AttachContract& c) {
    append_id(out, c.account);
    append_u32(out, c.contract);
}

OpenAccount read_account(log::ByteReader& in, std::uint32_t book) {
    OpenAccount out{.book = book, .account = {}};
    out.account.id = read_id(in, "account");
    out.account.ledger = in.u32("unit");
    const std::uint32_t code_flags = in.u32("code and flags");
    out.account.code = static_cast<std::uint16_t>(code_flags >> 16);
    out.account.flags = static_cast<std::uint16_t>(code_flags);
    return out;
}

Admin read(log::ByteReader& in, std::uint32_t kind, std::uint32_t book, bool& is_sound) {
    const auto choice = [&](std::string_view field) {
        const std::uint32_t value = in.u32(field);
        is_sound = is_sound && value <= 1;
        return value;
    };
    switch (kind) {
        case 1:
            return OpenBook{book};
        case 2:
            return read_account(in, book);
        case 3: {
            const ledger::AccountId id = read_id(in, "account");
            return SetGate{book, id, static_cast<AccountGate>(choice("gate"))};
        }
        case 4:
            return AddKey{book, in.fixed<65>("key")};
        case 5: {
            const ledger::AccountId id = read_id(in, "account");
            const std::uint32_t key = in.u32("key");
            return SetKey{book, id, key, static_cast<KeyRight>(choice("right"))};
        }
        case 6: {
            const std::uint32_t size = in.count(1, "text");
            return AddContract{book, std::string(in.take(size, "text"))};
        }
        default: {
            const ledger::AccountId id = read_id(in, "account");
            return AttachContract{book, id, in.u32("contract")};
        }
    }
}

}  // namespace

std::string encode_admin(const Admin& change) {
    std::string out;
    append_u32(out, static_cast<std::uint32_t>(change.index()) + 1);
    append_u32(out, std::visit([](const auto& c) { return c.book; }, change));
    std::visit([&](const auto& c) { write(out, c); }, change);
    return out;
}

Result<Admin> decode_admin(std::string_view bytes) {
    log::ByteReader in(bytes, "change");
    const std::uint32_t kind = in.u32("kind");
    const std::uint32_t book = in.u32("book");
    if (in.ok() && (kind == 0 || kind > kinds)) {
        return Error{
            ErrorCode::corrupt,
            fmt::format("change: offset 0: kind: expected 1 to {}, found {}", kinds, kind)};
    }
    bool is_sound = true;
    Admin out = read(in, kind, book, is_sound);
    in.expect_end();
    if (!in.ok()) return in.error();
    if (!is_sound) {
        return Error{ErrorCode::corrupt,
                     fmt::format("change: offset {}: expected 0 or 1", bytes.size() - 4)};
    }
    return out;
}

}  // namespace suan::settle
