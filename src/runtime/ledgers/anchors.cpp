#include "runtime/ledgers/anchors.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::runtime {
namespace {

Error wrong(const JournalAnchor& anchor, std::string what) {
    return Error{ErrorCode::corrupt, fmt::format("entry {}: {}", anchor.seq, what)};
}

Result<void> check_block(const JournalAnchor& anchor, const settle::Block& block,
                         const settle::Books& books) {
    const Hash256 hash = settle::block_hash(block);
    if (hash != anchor.block_sm3) {
        return wrong(anchor, fmt::format("block {} of the journal: expected SM3 {}, found {}",
                                         anchor.block, to_hex(anchor.block_sm3), to_hex(hash)));
    }
    for (const JournalAnchor::Total& total : anchor.totals) {
        const settle::Book* const book = books.find(total.ledger);
        const std::uint64_t made = book == nullptr ? 0 : book->made();
        const std::uint64_t changes = book == nullptr ? 0 : book->changes();
        if (made == total.transfers && (changes == total.changes || total.changes == 0)) continue;
        return wrong(anchor, fmt::format("ledger {} up to block {}: {} transfers and {} changes "
                                         "were metered, the journal has {} and {}",
                                         total.ledger, anchor.block, total.transfers, total.changes,
                                         made, changes));
    }
    return {};
}

}  // namespace

void note_anchor(const Entry& entry, std::vector<JournalAnchor>& anchors) {
    if (!entry.command().has_meter_ledgers()) return;
    const MeterLedgers& command = entry.command().meter_ledgers();
    if (command.block() == 0) return;
    JournalAnchor anchor;
    anchor.seq = entry.seq();
    anchor.block = command.block();
    std::copy(command.journal_id().begin(), command.journal_id().end(), anchor.journal_id.begin());
    std::copy(command.block_sm3().begin(), command.block_sm3().end(), anchor.block_sm3.begin());
    for (const LedgerUse& use : command.uses())
        anchor.totals.push_back({use.ledger_id(), use.transfers_total(), use.changes_total()});
    anchors.push_back(std::move(anchor));
}

Result<settle::Audited> check_anchors(const std::filesystem::path& journal,
                                      const std::vector<JournalAnchor>& anchors) {
    std::size_t next = 0;
    const auto after_block = [&](const settle::Block& block,
                                 const settle::Books& books) -> Result<void> {
        for (; next < anchors.size() && anchors[next].block == block.number; ++next) {
            if (auto good = check_block(anchors[next], block, books); !good) return good;
        }
        return {};
    };
    auto audited = settle::AuditedJournal::open(journal, settle::AuditDepth::signatures,
                                                settle::Books::Options{},
                                                settle::make_batch_verifier, after_block);
    if (!audited) return std::move(audited).error();
    const settle::Audited& found = audited->found();
    for (const JournalAnchor& anchor : anchors) {
        if (anchor.journal_id == found.journal_id) continue;
        return wrong(anchor, fmt::format("expected journal {}, found {}", to_hex(anchor.journal_id),
                                         to_hex(found.journal_id)));
    }
    if (next == anchors.size()) return found;
    return wrong(anchors[next], fmt::format("block {} of the journal: it has only {} blocks",
                                            anchors[next].block, found.blocks));
}

}  // namespace suan::runtime
