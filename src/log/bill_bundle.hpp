// A tenant's bill with the entries that it rests on, each proven to be in a signed block: one file
// that is checked offline with the operator's public key alone. docs/formats/bill-proof.md has the
// bytes. The bill is an opaque text here; recomputing it from the entries belongs to the core.
//
// What it proves: that the operator signed these very entries at these places. What it cannot: that
// no further entry of the tenant's was left out of the file.
#pragma once

#include "log/block.hpp"
#include "log/log.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::log {

struct ProvenEntry {
    Seq seq = 0;
    std::string entry;
    std::vector<Hash256> path;
    friend bool operator==(const ProvenEntry&, const ProvenEntry&) = default;
};

struct BillBundle {
    Hash256 log_id{};
    crypto::RawPublicKey operator_key{};  // whose signature to expect; trusted only if known
    std::string bill;
    std::vector<SealedBlock> blocks;   // rising, no two alike
    std::vector<ProvenEntry> entries;  // rising, no two alike
    friend bool operator==(const BillBundle&, const BillBundle&) = default;
};

// `seqs` in rising order without repeats (`invalid`), all in closed blocks (`not_found`).
Result<BillBundle> make_bill_bundle(const Log& log, const crypto::PublicKey& operator_key,
                                    std::string bill, std::span<const Seq> seqs);

// The encoded form ends with its own SM3, which finds damage on the way.
std::string encode_bill_bundle(const BillBundle& bundle);
Result<BillBundle> decode_bill_bundle(std::string_view bytes);

// Every block signed by `trusted`, every entry proven by its block, no block without an entry.
Result<void> verify_bill_bundle(const BillBundle& bundle, const crypto::PublicKey& trusted);

}  // namespace suan::log
