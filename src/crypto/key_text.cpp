#include "crypto/key_text.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

#include <cstring>
#include <optional>

namespace suan::crypto {
namespace {

constexpr std::string_view ec_public_key("\x2a\x86\x48\xce\x3d\x02\x01", 7);  // 1.2.840.10045.2.1
constexpr std::string_view sm2_curve("\x2a\x81\x1c\xcf\x55\x01\x82\x2d", 8);  // 1.2.156.10197.1.301

enum Tag : unsigned char {
    integer = 0x02,
    bit_string = 0x03,
    octet_string = 0x04,
    object_id = 0x06,
    sequence = 0x30,
    context_0 = 0xa0,
    context_1 = 0xa1,
};

Error refused(std::string_view why) {
    return Error{ErrorCode::invalid, fmt::format("private key: {}", why)};
}
Error not_a_key() {
    return refused("neither PKCS #8 nor SEC 1, in PEM or DER");
}
Error encrypted() {
    return refused(
        "encrypted with a passphrase; decrypt it with `openssl pkey -in FILE -out KEY.pem`, or "
        "keep "
        "it in a token");
}
Error another_curve() {
    return refused("not a key on the SM2 curve");
}

// Reads one element after another. What is not there, or not in DER, is nullopt.
class Der {
public:
    explicit Der(std::string_view bytes) : left_(bytes) {}

    bool done() const { return left_.empty(); }
    bool next_is(Tag tag) const { return !done() && static_cast<unsigned char>(left_[0]) == tag; }

    std::optional<std::string_view> take(Tag tag) {
        if (!next_is(tag) || left_.size() < 2) return std::nullopt;
        std::size_t size = byte(1);
        std::size_t head = 2;
        if (size >= 0x80) {
            const std::size_t count = size - 0x80;
            if (count < 1 || count > 2 || left_.size() < 2 + count) return std::nullopt;
            size = count == 1 ? byte(2) : byte(2) << 8 | byte(3);
            if (size < (count == 1 ? 0x80U : 0x100U)) return std::nullopt;
            head += count;
        }
        if (left_.size() - head < size) return std::nullopt;
        const std::string_view out = left_.substr(head, size);
        left_.remove_prefix(head + size);
        return out;
    }

private:
    std::size_t byte(std::size_t i) const { return static_cast<unsigned char>(left_[i]); }
    std::string_view left_;
};

// Whether the curve must be named within, or is already.
enum class Curve { named_here, named_outside };

// ECPrivateKey: version 1, number, [0] curve, [1] public key.
Result<KeyText> parse_sec1(std::string_view der, Curve curve) {
    Der whole(der);
    const auto body = whole.take(sequence);
    if (!body || !whole.done()) return not_a_key();
    Der fields(*body);
    const auto version = fields.take(integer);
    const auto number = fields.take(octet_string);
    if (version != std::string_view("\x01") || !number || number->empty() || number->size() > 32)
        return not_a_key();
    if (curve == Curve::named_here && !fields.next_is(context_0)) return another_curve();
    if (fields.next_is(context_0)) {
        const auto inner = fields.take(context_0);
        if (!inner) return not_a_key();
        Der named(*inner);
        if (named.take(object_id) != sm2_curve || !named.done()) return another_curve();
    }
    KeyText out;
    if (fields.next_is(context_1)) {
        const auto inner = fields.take(context_1);
        if (!inner) return not_a_key();
        Der wrapped(*inner);
        const auto bits = wrapped.take(bit_string);
        if (!bits || bits->size() < 2 || (*bits)[0] != 0 || !wrapped.done()) return not_a_key();
        out.point = bits->substr(1);
    }
    if (!fields.done()) return not_a_key();
    out.number = SecretText(32);
    std::memcpy(out.number.data() + 32 - number->size(), number->data(), number->size());
    return out;
}

// PrivateKeyInfo: version 0, algorithm and curve, ECPrivateKey, attributes that are not looked at.
Result<KeyText> parse_pkcs8(Der fields) {
    const auto algorithm = fields.take(sequence);
    if (!algorithm) return not_a_key();
    Der names(*algorithm);
    if (names.take(object_id) != ec_public_key || names.take(object_id) != sm2_curve ||
        !names.done())
        return another_curve();
    const auto key = fields.take(octet_string);
    if (!key) return not_a_key();
    if (fields.next_is(context_0) && !fields.take(context_0)) return not_a_key();
    if (!fields.done()) return not_a_key();
    return parse_sec1(*key, Curve::named_outside);
}

Result<KeyText> parse_der(std::string_view der) {
    Der whole(der);
    const auto body = whole.take(sequence);
    if (!body || !whole.done()) return not_a_key();
    Der fields(*body);
    if (fields.next_is(sequence)) return encrypted();  // EncryptedPrivateKeyInfo
    if (fields.take(integer) == std::string_view("\0", 1)) return parse_pkcs8(fields);
    return parse_sec1(der, Curve::named_here);
}

// All ones when low <= c <= high, numbers below 2^31; else 0. No branch.
unsigned in_range(unsigned c, unsigned low, unsigned high) {
    return (((c - low) >> 31) - 1U) & (((high - c) >> 31) - 1U);
}

// The value of a base64 digit, or 64 and more. No table: an address would tell the digit.
unsigned digit_value(unsigned char c) {
    return (in_range(c, 'A', 'Z') & (c - 'A')) | (in_range(c, 'a', 'z') & (c - 'a' + 26U)) |
           (in_range(c, '0', '9') & (c - '0' + 52U)) | (in_range(c, '+', '+') & 62U) |
           (in_range(c, '/', '/') & 63U) |
           (~(in_range(c, 'A', 'Z') | in_range(c, 'a', 'z') | in_range(c, '0', '9') |
              in_range(c, '+', '+') | in_range(c, '/', '/')) &
            64U);
}

std::optional<SecretText> from_base64(std::string_view text) {
    SecretText out(text.size());
    std::size_t filled = 0;
    std::size_t digits = 0;
    std::size_t pads = 0;
    unsigned bits = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r' || c == ' ') continue;
        if (c == '=') {
            ++pads;
            continue;
        }
        const unsigned value = digit_value(static_cast<unsigned char>(c));
        if (value > 63 || pads > 0) return std::nullopt;
        bits = bits << 6 | value;
        if (++digits % 4 == 0) {
            for (const unsigned shift : {16U, 8U, 0U})
                out.data()[filled++] = char(bits >> shift);
        }
    }
    if ((digits + pads) % 4 != 0 || pads > 2) return std::nullopt;
    if (pads == 1) bits <<= 6;
    if (pads == 2) bits <<= 12;
    if (pads > 0) out.data()[filled++] = char(bits >> 16);
    if (pads == 1) out.data()[filled++] = char(bits >> 8);
    out.shorten(filled);
    return out;
}

// What stands between the lines of the first block with this label.
std::optional<std::string_view> pem_block(std::string_view pem, std::string_view label) {
    const std::string first = fmt::format("-----BEGIN {}-----", label);
    const std::string last = fmt::format("-----END {}-----", label);
    const std::size_t begin = pem.find(first);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::size_t end = pem.find(last, begin);
    if (end == std::string_view::npos) return std::nullopt;
    return pem.substr(begin + first.size(), end - begin - first.size());
}

Result<KeyText> parse_pem(std::string_view pem) {
    if (pem_block(pem, "ENCRYPTED PRIVATE KEY")) return encrypted();
    for (const std::string_view label : {"PRIVATE KEY", "EC PRIVATE KEY", "SM2 PRIVATE KEY"}) {
        const auto block = pem_block(pem, label);
        if (!block) continue;
        if (block->find("ENCRYPTED") != std::string_view::npos) return encrypted();
        const auto der = from_base64(*block);
        return der ? parse_der(der->view()) : not_a_key();
    }
    return not_a_key();
}

}  // namespace

Result<KeyText> parse_private_key(std::string_view text) {
    return text.starts_with('\x30') ? parse_der(text) : parse_pem(text);
}

SecretText private_key_der(std::string_view number, std::string_view point) {
    SUAN_ASSERT(number.size() == 32 && point.size() == 65);
    constexpr std::string_view head(
        "\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c"
        "\xcf\x55\x01\x82\x2d\x04\x6d\x30\x6b\x02\x01\x01\x04\x20",
        36);
    constexpr std::string_view middle("\xa1\x44\x03\x42\x00", 5);
    SecretText out(head.size() + number.size() + middle.size() + point.size());
    char* at = out.data();
    for (const std::string_view part : {head, number, middle, point}) {
        std::memcpy(at, part.data(), part.size());
        at += part.size();
    }
    return out;
}

SecretText private_key_pem(std::string_view number, std::string_view point) {
    constexpr std::string_view first = "-----BEGIN PRIVATE KEY-----\n";
    constexpr std::string_view last = "-----END PRIVATE KEY-----\n";
    const SecretText der = private_key_der(number, point);
    static_assert((36 + 32 + 5 + 65) % 3 == 0);  // no padding
    const std::size_t digits = der.size() / 3 * 4;
    SecretText out(first.size() + digits + (digits + 63) / 64 + last.size());
    char* at = out.data();
    const auto put = [&](std::string_view text) {
        std::memcpy(at, text.data(), text.size());
        at += text.size();
    };
    put(first);
    for (std::size_t i = 0; i < digits; ++i) {
        const unsigned bits = static_cast<unsigned char>(der.view()[i / 4 * 3]) << 16 |
                              static_cast<unsigned char>(der.view()[i / 4 * 3 + 1]) << 8 |
                              static_cast<unsigned char>(der.view()[i / 4 * 3 + 2]);
        const unsigned v = bits >> (18 - 6 * (i % 4)) & 63;
        *at++ = char((in_range(v, 0, 25) & (v + 'A')) | (in_range(v, 26, 51) & (v - 26 + 'a')) |
                     (in_range(v, 52, 61) & (v - 52 + '0')) | (in_range(v, 62, 62) & '+') |
                     (in_range(v, 63, 63) & '/'));
        if (i % 64 == 63 || i + 1 == digits) *at++ = '\n';
    }
    put(last);
    return out;
}

}  // namespace suan::crypto
