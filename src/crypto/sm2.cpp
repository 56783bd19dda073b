#include "crypto/sm2.hpp"

#include "crypto/sm3.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace suan::crypto {
namespace {

constexpr std::string_view group_name = "SM2";
constexpr std::size_t pem_bytes_max = 16 << 10;

template <auto Function>
struct Deleter {
    template <typename T>
    void operator()(T* object) const {
        Function(object);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using Pkey = std::shared_ptr<EVP_PKEY>;

Pkey own(EVP_PKEY* key) {
    return Pkey(key, EVP_PKEY_free);
}

Error openssl_error(ErrorCode code, std::string_view doing) {
    char text[256] = "no detail";
    if (const unsigned long number = ERR_get_error()) ERR_error_string_n(number, text, sizeof text);
    ERR_clear_error();
    return Error{code, fmt::format("{}: {}", doing, text)};
}

bool is_sm2(EVP_PKEY* key) {
    return key != nullptr && EVP_PKEY_is_a(key, group_name.data());
}

Result<Pkey> checked(EVP_PKEY* raw_key, std::string_view what) {
    Pkey key = own(raw_key);
    if (key == nullptr) return openssl_error(ErrorCode::invalid, fmt::format("{}: not PEM", what));
    if (!is_sm2(key.get())) {
        return Error{ErrorCode::invalid, fmt::format("{}: not a key on the SM2 curve", what)};
    }
    return key;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, std::size_t(size));
}

Result<std::string> read_small_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return Error{ErrorCode::not_found, fmt::format("{}: cannot be read", file.string())};
    std::string text(pem_bytes_max + 1, '\0');
    in.read(text.data(), std::streamsize(text.size()));
    text.resize(std::size_t(in.gcount()));
    if (text.size() > pem_bytes_max) {
        return Error{ErrorCode::invalid, fmt::format("{}: over {} bytes, not a key file",
                                                     file.string(), pem_bytes_max)};
    }
    return text;
}

// A context with the user id set, so that OpenSSL hashes ZA before the message. The id is set when
// the rest is: OpenSSL 3.0.19 refuses it among the parameters of Init.
template <auto Init>
MdContext context_with_id(EVP_PKEY* key) {
    MdContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* of_key = nullptr;  // the context's own
    if (Init(context.get(), &of_key, "SM3", nullptr, nullptr, key, nullptr) != 1) return nullptr;
    const int size = int(sm2_user_id.size());
    if (EVP_PKEY_CTX_set1_id(of_key, sm2_user_id.data(), size) != 1) return nullptr;
    return context;
}

Signature raw_of(const ECDSA_SIG* pair) {
    Signature out{};
    SUAN_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(pair), out.data(), 32) == 32);
    SUAN_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(pair), out.data() + 32, 32) == 32);
    return out;
}

std::string der_of(const Signature& signature) {
    EcSignature pair(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(signature.data(), 32, nullptr);
    BIGNUM* s = BN_bin2bn(signature.data() + 32, 32, nullptr);
    SUAN_ASSERT(ECDSA_SIG_set0(pair.get(), r, s) == 1);
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    SUAN_ASSERT(size > 0);
    std::string out(reinterpret_cast<char*>(der), std::size_t(size));
    OPENSSL_free(der);
    return out;
}

Result<void> write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return Error{ErrorCode::io, fmt::format("write: {}", std::strerror(errno))};
        text.remove_prefix(std::size_t(wrote));
    }
    if (fsync(fd) != 0) return Error{ErrorCode::io, fmt::format("fsync: {}", std::strerror(errno))};
    return {};
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
    PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, group_name.data(), nullptr));
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         const_cast<char*>(group_name.data()), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<char*>(raw.data()),
                                          raw.size()),
        OSSL_PARAM_construct_end()};
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        return openssl_error(ErrorCode::invalid, "public key: not a point of the SM2 curve");
    }
    return PublicKey(own(key));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
    Bio bio(BIO_new_mem_buf(pem.data(), int(pem.size())));
    auto key = checked(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), "public key");
    if (!key) return std::move(key).error();
    return PublicKey(std::move(*key));
}

Result<PublicKey> PublicKey::load(const std::filesystem::path& file) {
    auto pem = read_small_file(file);
    if (!pem) return std::move(pem).error();
    auto key = from_pem(*pem);
    if (!key) return std::move(key).error().wrap(file.string());
    return key;
}

std::string PublicKey::to_pem() const {
    Bio bio(BIO_new(BIO_s_mem()));
    SUAN_ASSERT(PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
    return text_of(bio.get());
}

Hash256 PublicKey::id() const {
    return sm3(as_text(raw_));
}

bool PublicKey::verify(std::string_view message, const Signature& signature) const {
    const MdContext context = context_with_id<EVP_DigestVerifyInit_ex>(key_.get());
    SUAN_ASSERT(context != nullptr);
    const std::string der = der_of(signature);
    const int good = EVP_DigestVerify(context.get(), as_bytes(der).data(), der.size(),
                                      as_bytes(message).data(), message.size());
    ERR_clear_error();
    return good == 1;
}

PrivateKey::PrivateKey(Pkey key) : key_(std::move(key)), public_key_(key_) {}

Result<PrivateKey> PrivateKey::generate() {
    EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2");
    if (key == nullptr) return openssl_error(ErrorCode::internal, "generate an SM2 key");
    return PrivateKey(own(key));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
    Bio bio(BIO_new_mem_buf(pem.data(), int(pem.size())));
    // An empty passphrase is given, so that OpenSSL never asks the terminal for one.
    char none[] = "";
    auto key = checked(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, none), "private key");
    if (!key) return std::move(key).error();
    return PrivateKey(std::move(*key));
}

Result<PrivateKey> PrivateKey::load(const std::filesystem::path& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) {
        return Error{ErrorCode::not_found,
                     fmt::format("{}: {}", file.string(), std::strerror(errno))};
    }
    if ((status.st_mode & 077) != 0) {
        return Error{ErrorCode::forbidden,
                     fmt::format("{}: mode {:04o}, expected 0600: chmod 600 it", file.string(),
                                 status.st_mode & 0777)};
    }
    auto pem = read_small_file(file);
    if (!pem) return std::move(pem).error();
    auto key = from_pem(*pem);
    if (!key) return std::move(key).error().wrap(file.string());
    return key;
}

std::string PrivateKey::to_pem() const {
    Bio bio(BIO_new(BIO_s_mem()));
    SUAN_ASSERT(PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr) == 1);
    return text_of(bio.get());
}

Result<void> PrivateKey::save(const std::filesystem::path& file) const {
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        const ErrorCode code = errno == EEXIST ? ErrorCode::exists : ErrorCode::io;
        return Error{code, fmt::format("{}: {}", file.string(), std::strerror(errno))};
    }
    auto written = write_all(fd, to_pem());
    close(fd);
    if (written) return {};
    // A key file cut short would be refused for ever after; without it the next save can work.
    unlink(file.c_str());
    return std::move(written).error().wrap(file.string());
}

SecretBytes PrivateKey::secret() const {
    BIGNUM* number = nullptr;
    SUAN_ASSERT(EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1);
    SecretBytes out{};
    SUAN_ASSERT(BN_bn2binpad(number, out.data(), int(out.size())) == int(out.size()));
    BN_clear_free(number);
    return out;
}

Result<Signature> PrivateKey::sign(std::string_view message) const {
    const MdContext context = context_with_id<EVP_DigestSignInit_ex>(key_.get());
    if (context == nullptr) return openssl_error(ErrorCode::internal, "start an SM2 signature");
    std::array<unsigned char, 128> der{};
    std::size_t size = der.size();
    if (EVP_DigestSign(context.get(), der.data(), &size, as_bytes(message).data(),
                       message.size()) != 1) {
        return openssl_error(ErrorCode::internal, "sign with SM2");
    }
    const unsigned char* at = der.data();
    const EcSignature pair(d2i_ECDSA_SIG(nullptr, &at, long(size)));
    if (pair == nullptr) return openssl_error(ErrorCode::internal, "read an SM2 signature");
    return raw_of(pair.get());
}

}  // namespace suan::crypto
