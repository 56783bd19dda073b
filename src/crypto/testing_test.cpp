#include "crypto/testing.hpp"

#include "base/bytes.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <filesystem>

namespace suan::crypto::testing {
namespace {

// The public point of a number, uncompressed.
std::vector<std::uint8_t> public_bytes(const BIGNUM* number) {
    EC_GROUP* group = EC_GROUP_new_by_curve_name(NID_sm2);
    EC_POINT* point = EC_POINT_new(group);
    EXPECT_EQ(EC_POINT_mul(group, point, number, nullptr, nullptr, nullptr), 1);
    std::vector<std::uint8_t> out(65);
    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out.data(), 65, nullptr);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return out;
}

}  // namespace

Folder::Folder() : path_((std::filesystem::temp_directory_path() / "suan-crypto-XXXXXX").string()) {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
}
Folder::~Folder() {
    std::filesystem::remove_all(path_);
}

int run_command(const std::string& command) {
    return std::system(("{ " + command + " ; } >/dev/null 2>&1 </dev/null").c_str());
}

std::vector<Isa> levels() {
    std::vector<Isa> out;
    for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
        if (isa <= best_isa()) out.push_back(isa);
    return out;
}

PrivateKey private_key(std::string_view hex) {
    BIGNUM* number = nullptr;
    BN_hex2bn(&number, std::string(hex).c_str());
    const std::vector<std::uint8_t> point = public_bytes(number);
    OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number);
    OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr);
    EVP_PKEY* key = nullptr;
    EXPECT_EQ(EVP_PKEY_fromdata_init(context), 1);
    EXPECT_EQ(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
    BIO* bio = BIO_new(BIO_s_mem());
    EXPECT_EQ(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    PrivateKey out = PrivateKey::from_text({text, std::size_t(size)}).value();
    BIO_free(bio);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    BN_free(number);
    return out;
}

// splitmix64
std::uint64_t SeededRandom::next() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}
void SeededRandom::fill(std::span<std::uint8_t> out) {
    for (std::uint8_t& byte : out)
        byte = std::uint8_t(next());
}

void Signatures::add_signers(Sm2Verifier& verifier) const {
    for (const PrivateKey& key : keys)
        verifier.add(key.public_key());
}

Signatures make_signatures(std::size_t count, std::size_t signers, std::uint64_t seed, Isa isa) {
    Signatures out;
    SeededRandom random(seed);
    for (std::size_t i = 0; i < signers; ++i)
        out.keys.push_back(PrivateKey::generate().value());
    for (std::size_t i = 0; i < count; ++i)
        out.texts.push_back(std::string(random.next() % 200, char('a' + i % 26)));
    out.items.resize(count);
    out.points.resize(count);
    out.hints.resize(count);
    for (std::size_t k = 0; k < signers; ++k) {
        std::vector<std::string_view> messages;
        std::vector<std::size_t> places;
        for (std::size_t i = k; i < count; i += signers) {
            messages.push_back(out.texts[i]);
            places.push_back(i);
        }
        std::vector<Signature> signatures(messages.size());
        std::vector<Sm2Point> points(messages.size());
        Sm2Signer(out.keys[k], {isa}, random).sign(messages, signatures, points);
        for (std::size_t i = 0; i < places.size(); ++i) {
            out.items[places[i]] = {std::uint32_t(k), messages[i], signatures[i]};
            out.points[places[i]] = points[i];
            out.hints[places[i]] = points[i][63] & 1;
        }
    }
    return out;
}

}  // namespace suan::crypto::testing
