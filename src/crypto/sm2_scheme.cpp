#include "crypto/sm2_scheme.hpp"

#include "base/assert.hpp"
#include "crypto/sm3.hpp"

namespace suan::crypto {
namespace {

void put(Sm3& hash, const ec::U256& number) {
    std::array<std::uint8_t, 32> bytes;
    ec::to_be(number, bytes.data());
    hash.update(bytes);
}

}  // namespace

Hash256 sm2_za(const RawPublicKey& key, std::string_view user_id) {
    SUAN_ASSERT(user_id.size() <= 8191);
    const std::size_t bits = user_id.size() * 8;
    const std::array<std::uint8_t, 2> length{std::uint8_t(bits >> 8), std::uint8_t(bits)};
    Sm3 hash;
    hash.update(length).update(user_id);
    ec::U256 a = ec::sm2_p;
    a.w[0] -= 3;
    put(hash, a);
    put(hash, ec::sm2_b);
    put(hash, ec::sm2_gx);
    put(hash, ec::sm2_gy);
    return hash.update(std::span(key).subspan(1)).finish();
}

}  // namespace suan::crypto
