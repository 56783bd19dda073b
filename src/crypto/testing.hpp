// What the tests of this folder share: keys of known numbers, bytes that repeat, and the levels
// that this machine has.
#pragma once

#include "crypto/cpu.hpp"
#include "crypto/random.hpp"
#include "crypto/sm2_signer.hpp"
#include "crypto/sm2_verifier.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace suan::crypto::testing {

std::vector<Isa> levels();

// A folder that is gone with its object; `folder / "name"` is a path in it.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

// The exit status of a shell command, whose output is thrown away.
int run_command(const std::string& command);

// The key with this number, 64 hexadecimal digits, by OpenSSL.
PrivateKey private_key(std::string_view hex);

// Repeats: the same bytes for the same seed.
class SeededRandom : public RandomSource {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> out) override;
    std::uint64_t next();

private:
    std::uint64_t state_;
};

// Signatures of several signers over messages of several lengths, all good.
struct Signatures {
    std::vector<PrivateKey> keys;
    std::vector<std::string> texts;
    std::vector<Sm2Signed> items;
    std::vector<Sm2Point> points;
    std::vector<Sm2Hint> hints;

    void add_signers(Sm2Verifier& verifier) const;
};
Signatures make_signatures(std::size_t count, std::size_t signers, std::uint64_t seed, Isa isa);

}  // namespace suan::crypto::testing
