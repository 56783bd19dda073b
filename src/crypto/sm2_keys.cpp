// SM2 keys as bytes, text and files. Whatever form a key comes in, it is made anew from its
// numbers, so that a key in memory is always on the curve, whole and in one form.
#include "crypto/key_file.hpp"
#include "crypto/key_text.hpp"
#include "crypto/openssl.hpp"
#include "crypto/sm2.hpp"
#include "crypto/token.hpp"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <cstring>
#include <optional>

namespace suan::crypto {
namespace {

constexpr std::string_view group_name = "SM2";
using Decoder = std::unique_ptr<OSSL_DECODER_CTX, Deleter<OSSL_DECODER_CTX_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using NumberContext = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

Error refused(std::string_view what, std::string_view why) {
    ERR_clear_error();
    return Error{ErrorCode::invalid, fmt::format("{}: {}", what, why)};
}

Pkey own(EVP_PKEY* key) {
    return Pkey(key, EVP_PKEY_free);
}

// The public key in some DER, of any algorithm; null where there is none or something follows it.
EVP_PKEY* read_der(std::string_view der) {
    EVP_PKEY* key = nullptr;
    const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(&key, "DER", nullptr, nullptr,
                                                        EVP_PKEY_PUBLIC_KEY, nullptr, nullptr));
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    std::size_t left = der.size();
    if (OSSL_DECODER_from_data(decoder.get(), &at, &left) != 1 || left == 0) return key;
    EVP_PKEY_free(key);
    return nullptr;
}

EVP_PKEY* read_pem(std::string_view pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), int(pem.size())));
    return PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
}

// A key on the SM2 curve, which OpenSSL may call an EC key.
bool on_sm2(EVP_PKEY* key) {
    char name[32] = "";
    std::size_t size = 0;
    const bool named = EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name,
                                                      sizeof name, &size) == 1;
    return named && group_name == name && (EVP_PKEY_is_a(key, "SM2") || EVP_PKEY_is_a(key, "EC"));
}

EcGroup sm2_group() {
    EcGroup group(EC_GROUP_new_by_curve_name(NID_sm2));
    SUAN_ASSERT(group != nullptr);
    return group;
}

RawPublicKey raw_of(const EC_GROUP* group, const EC_POINT* point) {
    RawPublicKey out{};
    SUAN_ASSERT(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out.data(),
                                   out.size(), nullptr) == out.size());
    return out;
}

// A point in whatever form as 04, x, y.
std::optional<RawPublicKey> point_of(std::string_view bytes) {
    const EcGroup group = sm2_group();
    const EcPoint point(EC_POINT_new(group.get()));
    const bool good = EC_POINT_oct2point(group.get(), point.get(), as_bytes(bytes).data(),
                                         bytes.size(), nullptr) == 1 &&
                      EC_POINT_is_at_infinity(group.get(), point.get()) == 0;
    ERR_clear_error();
    if (!good) return std::nullopt;
    return raw_of(group.get(), point.get());
}

Result<Pkey> made_of(const RawPublicKey& raw, const BIGNUM* number) {
    const ParamBuild build(OSSL_PARAM_BLD_new());
    const int selection = number != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    bool good = OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                group_name.data(), 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, raw.data(),
                                                 raw.size()) == 1;
    if (number != nullptr)
        good = good && OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, number) == 1;
    const Params params(good ? OSSL_PARAM_BLD_to_param(build.get()) : nullptr);
    const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, group_name.data(), nullptr));
    EVP_PKEY* key = nullptr;
    if (params == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1)
        return openssl_error(ErrorCode::invalid, "key: not of the SM2 curve");
    return own(key);
}

// The number in memory that is locked and wiped, as is all that is made of it.
Number secret_number(std::string_view bytes) {
    Number out(BN_secure_new());
    SUAN_ASSERT(out != nullptr);
    SUAN_ASSERT(BN_bin2bn(as_bytes(bytes).data(), int(bytes.size()), out.get()) != nullptr);
    BN_set_flags(out.get(), BN_FLG_CONSTTIME);
    return out;
}

// d times the generator, by OpenSSL in constant time. None where d is not in [1, n-2].
std::optional<RawPublicKey> public_of(const BIGNUM* d) {
    const EcGroup group = sm2_group();
    const Number last(BN_dup(EC_GROUP_get0_order(group.get())));
    SUAN_ASSERT(BN_sub_word(last.get(), 2) == 1);
    if (BN_is_zero(d) || BN_cmp(d, last.get()) > 0) return std::nullopt;
    const NumberContext context(BN_CTX_secure_new());
    const EcPoint point(EC_POINT_new(group.get()));
    SUAN_ASSERT(EC_POINT_mul(group.get(), point.get(), d, nullptr, nullptr, context.get()) == 1);
    return raw_of(group.get(), point.get());
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, std::size_t(size));
}
Result<RawPublicKey> checked_public(const Pkey& key) {
    constexpr std::string_view what = "public key";
    if (key == nullptr) return refused(what, "neither PEM nor DER of a public key");
    if (!on_sm2(key.get())) return refused(what, "not a key on the SM2 curve");
    RawPublicKey bytes{};
    std::size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, bytes.data(),
                                        bytes.size(), &size) != 1)
        return refused(what, "holds no point");
    const auto raw = point_of(as_text(bytes).substr(0, size));
    if (!raw) return refused(what, "not a point of the SM2 curve");
    return *raw;
}

}  // namespace

PublicKey::PublicKey(Pkey key) : key_(std::move(key)) {
    std::size_t size = 0;
    SUAN_ASSERT(EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, raw_.data(),
                                                raw_.size(), &size) == 1);
    SUAN_ASSERT(size == raw_.size());
}

Result<PublicKey> PublicKey::from_raw(std::string_view raw) {
    if (raw.size() != 65 || raw[0] != 0x04) {
        return Error{ErrorCode::invalid,
                     fmt::format("public key: {} bytes, expected 65 starting with 04", raw.size())};
    }
    RawPublicKey bytes{};
    std::copy(raw.begin(), raw.end(), bytes.begin());
    auto key = made_of(bytes, nullptr);
    if (!key) return std::move(key).error().wrap("public key");
    return PublicKey(std::move(*key));
}

Result<PublicKey> PublicKey::from_text(std::string_view text) {
    if (text.size() > key_bytes_max) return refused("public key", "too long");
    const Pkey key = own(text.starts_with('\x30') ? read_der(text) : read_pem(text));
    auto raw = checked_public(key);
    if (!raw) return std::move(raw).error();
    return from_raw(as_text(*raw));
}

Result<PublicKey> PublicKey::load(const std::filesystem::path& file) {
    auto text = read_key_file(file);
    if (!text) return std::move(text).error();
    auto key = from_text(*text);
    if (!key) return std::move(key).error().wrap(file.string());
    return key;
}

std::string PublicKey::to_pem() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    SUAN_ASSERT(PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
    return text_of(bio.get());
}

std::string PublicKey::to_der() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    SUAN_ASSERT(i2d_PUBKEY_bio(bio.get(), key_.get()) == 1);
    return text_of(bio.get());
}

PrivateKey::PrivateKey(Pkey key, SecretText number)
    : key_(std::move(key)),
      number_(std::make_shared<const SecretText>(std::move(number))),
      public_key_(key_) {}

Result<PrivateKey> PrivateKey::generate() {
    SecretText number(32);
    for (;;) {
        // All but one of 2^32 numbers are in range; the others are drawn again.
        if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(number.data()), 32) != 1)
            return openssl_error(ErrorCode::internal, "generate an SM2 key");
        const Number d = secret_number(number);
        const auto raw = public_of(d.get());
        if (!raw) continue;
        auto key = made_of(*raw, d.get());
        if (!key) return std::move(key).error();
        return PrivateKey(std::move(*key), std::move(number));
    }
}

Result<PrivateKey> PrivateKey::from_text(std::string_view text) {
    constexpr std::string_view what = "private key";
    if (text.size() > key_bytes_max) return refused(what, "too long");
    auto parsed = parse_private_key(text);
    if (!parsed) return std::move(parsed).error();
    const Number d = secret_number(parsed->number);
    const auto raw = public_of(d.get());
    if (!raw) return refused(what, "its number is not in [1, n-2]");
    if (!parsed->point.empty() && point_of(parsed->point) != *raw)
        return refused(what, "the public key beside it is not its own");
    auto key = made_of(*raw, d.get());
    if (!key) return std::move(key).error();
    return PrivateKey(std::move(*key), std::move(parsed->number));
}

Result<PrivateKey> PrivateKey::load(const std::filesystem::path& name) {
    const bool in_token = is_token_uri(name.native());
    auto text = in_token ? read_token_object(name.native()) : read_secret_file(name);
    if (!text) return std::move(text).error();
    auto key = from_text(*text);
    if (!key) return std::move(key).error().wrap(in_token ? "object in the token" : name.string());
    return key;
}

SecretBytes PrivateKey::secret() const {
    SecretBytes out{};
    std::memcpy(out.data(), number_->view().data(), out.size());
    return out;
}

SecretText PrivateKey::to_pem() const {
    return private_key_pem(*number_, as_text(public_key_.raw()));
}

SecretText PrivateKey::to_der() const {
    return private_key_der(*number_, as_text(public_key_.raw()));
}

Result<void> PrivateKey::save(const std::filesystem::path& file) const {
    return write_secret_file(file, to_pem());
}

}  // namespace suan::crypto
