// Counts the witnesses' signatures of a log that is being verified: per witness how far it has
// co-signed, which blocks it left out, which of its signatures are bad. Whose key counts at a block
// is read from the state at its end, so from the log itself.
//
// A co-signature is a word about the whole log up to its block: a gap in the middle is worth
// knowing, but the blocks in it are vouched for by the next signature after it.
#pragma once

#include "base/bytes.hpp"
#include "core/state.hpp"
#include "crypto/sm2_verifier.hpp"
#include "log/cosignature.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace suan::runtime {

// One registration of a witness.
struct WitnessReport {
    std::string name;
    crypto::RawPublicKey key{};
    Hash256 key_sm3{};
    std::uint64_t from_seq = 0;
    std::uint64_t until_seq = 0;  // 0: still registered
    std::uint64_t first_due = 0;  // blocks that it was to sign
    std::uint64_t last_due = 0;
    std::uint64_t cosigned = 0;    // of them, with a good signature
    std::uint64_t last_block = 0;  // newest of these; 0: none
    std::uint64_t bad = 0;         // signatures that do not verify
    std::uint64_t first_bad = 0;   // block of the first of them
    std::uint64_t missing = 0;     // blocks before last_block without a good signature
    // The first few runs of these: first and last block.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;

    std::uint64_t behind() const { return last_block == 0 ? due() : last_due - last_block; }
    std::uint64_t due() const { return first_due == 0 ? 0 : last_due - first_due + 1; }
};

struct WitnessReports {
    std::vector<WitnessReport> witnesses;  // in order of registration
    std::uint64_t foreign = 0;  // signatures by keys that were not registered then; not looked at
    std::uint64_t last_block = 0;
};

class WitnessTally {
public:
    static constexpr std::size_t gaps_kept = 8;

    explicit WitnessTally(const Hash256& log_id) : log_id_(log_id) {}

    // Blocks in order, each verified, with the state at its end.
    void block(const log::SealedBlock& block, const core::State& state);
    // Checks what is left. Once.
    WitnessReports finish() &&;

private:
    struct Item {
        std::size_t witness = 0;  // index of reports_.witnesses
        std::uint64_t block = 0;
        std::string message;
        crypto::Signature signature{};
    };

    void learn(const core::State& state);
    void flush();
    void judge(const Item& item, bool good);
    std::uint32_t signer_of(const WitnessReport& report);

    Hash256 log_id_;
    WitnessReports reports_;
    std::vector<Item> items_;
    crypto::Sm2Verifier verifier_;
    std::map<crypto::RawPublicKey, std::uint32_t> signers_;
};

}  // namespace suan::runtime
