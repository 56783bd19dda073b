// Evidence that an operator signed two things that contradict each other: two blocks that cannot
// both be of one log. One file, checked offline with nothing but what is in it.
// docs/formats/evidence.md has the bytes.
//
// What it cannot show: which of the two is the honest one, or why it happened.
#pragma once

#include "log/block.hpp"
#include "log/log.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace suan::log {

struct Evidence {
    Hash256 log_id{};  // of the log that was followed; witnesses' signatures name it
    crypto::RawPublicKey operator_key{};
    SealedBlock first;   // what was shown before
    SealedBlock second;  // what was shown later, or to somebody else
    friend bool operator==(const Evidence&, const Evidence&) = default;
};

enum class Contradiction {
    // Two blocks of one number that follow the same block: one log, two histories.
    fork,
    // Two blocks of one number that follow different blocks: the key signed two histories. That
    // they are of one log follows only if the key signs one log.
    two_blocks,
    // The second follows the first by its number, and names another block before it. As above.
    denied_block,
};
const char* to_string(Contradiction kind);

struct Cosigner {
    crypto::RawPublicKey key{};
    bool first = false;  // signed the first block, verified
    bool second = false;
};
struct Judged {
    Contradiction kind = Contradiction::fork;
    std::vector<Cosigner> cosigners;  // by key; only those with a good signature
};
// `invalid`, saying why, when the two do not contradict each other or were not both signed by the
// key that the evidence names.
Result<Judged> judge(const Evidence& evidence);

// The encoded form ends with its own SM3, which finds damage on the way.
std::string encode_evidence(const Evidence& evidence);
Result<Evidence> decode_evidence(std::string_view bytes);

}  // namespace suan::log
