#include "runtime/witness_tally.hpp"

#include "crypto/sm3.hpp"

#include <limits>

namespace suan::runtime {
namespace {

constexpr std::size_t items_per_batch = 4'096;
constexpr std::uint32_t no_key = std::numeric_limits<std::uint32_t>::max();

}  // namespace

// Registrations keep their places in the state.
void WitnessTally::learn(const core::State& state) {
    for (std::size_t i = 0; i < state.witnesses.size(); ++i) {
        const core::Witness& witness = state.witnesses[i];
        if (i == reports_.witnesses.size()) {
            WitnessReport report;
            report.name = witness.name;
            report.key = witness.key;
            report.key_sm3 = crypto::sm3(as_text(witness.key));
            report.from_seq = witness.from_seq;
            reports_.witnesses.push_back(std::move(report));
        }
        reports_.witnesses[i].until_seq = witness.until_seq;
    }
}

void WitnessTally::block(const log::SealedBlock& block, const core::State& state) {
    learn(state);
    const log::BlockHeader& header = block.header;
    reports_.last_block = header.number;
    std::map<crypto::RawPublicKey, std::size_t> counting;
    for (std::size_t i = 0; i < state.witnesses.size(); ++i) {
        WitnessReport& report = reports_.witnesses[i];
        // An operator who registers his own key has no witness by that.
        if (report.key_sm3 == header.operator_key) continue;
        if (!state.witnesses[i].counts_at(header.last_seq)) continue;
        if (report.first_due == 0) report.first_due = header.number;
        report.last_due = header.number;
        counting.emplace(report.key, i);
    }
    for (const log::WitnessSignature& signature : block.witnesses) {
        const auto found = counting.find(signature.key);
        if (found == counting.end()) {
            ++reports_.foreign;
            continue;
        }
        items_.push_back({found->second, header.number, log::cosigned_bytes(log_id_, header),
                          signature.signature});
        counting.erase(found);  // a second one of the same key says nothing more
    }
    if (items_.size() >= items_per_batch) flush();
}

std::uint32_t WitnessTally::signer_of(const WitnessReport& report) {
    const auto known = signers_.find(report.key);
    if (known != signers_.end()) return known->second;
    const auto key = crypto::PublicKey::from_raw(as_text(report.key));
    const std::uint32_t signer = key ? verifier_.add(*key) : no_key;
    signers_.emplace(report.key, signer);
    return signer;
}

void WitnessTally::flush() {
    std::vector<crypto::Sm2Signed> batch;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const std::uint32_t signer = signer_of(reports_.witnesses[items_[i].witness]);
        if (signer == no_key) continue;
        batch.push_back({signer, items_[i].message, items_[i].signature});
        places.push_back(i);
    }
    std::vector<crypto::Verdict> verdicts(batch.size());
    verifier_.verify(batch, verdicts);
    std::vector<bool> good(items_.size());
    for (std::size_t i = 0; i < places.size(); ++i)
        good[places[i]] = verdicts[i] == crypto::Verdict::valid;
    for (std::size_t i = 0; i < items_.size(); ++i)
        judge(items_[i], good[i]);
    items_.clear();
}

void WitnessTally::judge(const Item& item, bool good) {
    WitnessReport& report = reports_.witnesses[item.witness];
    if (!good) {
        if (report.bad++ == 0) report.first_bad = item.block;
        return;
    }
    const std::uint64_t expected =
        report.last_block == 0 ? report.first_due : report.last_block + 1;
    if (item.block > expected) {
        report.missing += item.block - expected;
        if (report.gaps.size() < gaps_kept) report.gaps.emplace_back(expected, item.block - 1);
    }
    report.last_block = item.block;
    ++report.cosigned;
}

WitnessReports WitnessTally::finish() && {
    flush();
    return std::move(reports_);
}

}  // namespace suan::runtime
