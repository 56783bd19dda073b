// constant_time sign|canary, under valgrind's memcheck: the secrets of signing are undefined to it
// (src/crypto/secrets.hpp), so that it reports every branch and every address that depends on one.
// memcheck knows no AVX-512; that level shares all code but the field and the table lookup, which
// have no branch at all (src/crypto/README.md). `canary` has a secret branch, and must be reported.
#include "base/assert.hpp"
#include "crypto/secrets.hpp"
#include "crypto/sm2_signer.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace {

using namespace suan::crypto;

void sign(Isa isa) {
    const PrivateKey key = PrivateKey::generate().value();
    SystemRandom nonces;
    Sm2Signer signer(key, {isa}, nonces);
    const std::vector<std::string_view> messages(3, "message");
    std::vector<Signature> signatures(messages.size());
    std::vector<Sm2Point> points(messages.size());
    signer.sign(messages, signatures, points);
    for (const Signature& signature : signatures)
        SUAN_ASSERT(key.public_key().verify("message", signature));
    fmt::print("signed at level {}\n", to_string(isa));
}

int canary() {
    volatile unsigned char secret = 1;
    classify(const_cast<const unsigned char*>(&secret), 1);
    if (secret == 1) fmt::print("the canary sang\n");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "canary") return canary();
    sign(Isa::portable);
    if (best_isa() >= Isa::avx2) sign(Isa::avx2);
    return 0;
}
