// What a batch did, put together from the ledger's movements and from which transfer asked for
// each.
#include "base/assert.hpp"
#include "settle/books/book.hpp"

namespace suan::settle {
namespace {

using namespace ledger::transfer_flags;

MoveKind kind_of(const ledger::Transfer& transfer) {
    if ((transfer.flags & pending) != 0) return MoveKind::hold;
    if ((transfer.flags & post_pending) != 0) return MoveKind::post;
    return (transfer.flags & void_pending) != 0 ? MoveKind::release : MoveKind::transfer;
}

}  // namespace

// A batch that the ledger alone has decided.
void Book::note_plain(std::span<const ledger::Transfer> transfers, std::span<const Code> results) {
    if (!keeps_moves_) return;
    for (std::uint32_t i = 0; i < transfers.size(); ++i) {
        if (results[i] != Code::created) continue;
        const MoveKind kind = kind_of(transfers[i]);
        origins_.push_back(Origin{i, kind});
        if (kind == MoveKind::post || kind == MoveKind::release) {
            note_finish(finish_place(i) - 1, transfers[i].pending_id);
        }
    }
}

// The chain at hand, which was made.
void Book::note_chain() {
    if (!keeps_moves_) return;
    for (std::size_t k = 0; k < chain_.size(); ++k) {
        const std::uint32_t index = steps_[k].origin;
        const MoveKind kind = steps_[k].is_derived ? MoveKind::derived : kind_of(chain_[k]);
        origins_.push_back(Origin{index, kind});
        if (kind == MoveKind::derived) note_finish(finish_place(index) + 1, chain_[k].id);
        if (kind == MoveKind::post || kind == MoveKind::release) {
            note_finish(finish_place(index) - 1, chain_[k].pending_id);
        }
    }
}

void Book::note_finish(std::uint32_t place, ledger::TransferId id) {
    if (!keeps_moves_) return;
    const ledger::Remembered* const finished = ledger_.find_transfer(id);
    // Gone already where fewer are kept than finish in one batch: then it need not be kept.
    if (finished != nullptr && finished->state != ledger::TransferState::pending) {
        finishes_.push_back(Finish{place, *finished});
    }
}

void Book::build_moves() {
    if (!keeps_moves_) return;
    const std::span<const ledger::Movement> movements = ledger_.movements();
    SUAN_ASSERT(movements.size() == expired_.size() + origins_.size());
    moves_.resize(movements.size());
    for (std::size_t k = 0; k < movements.size(); ++k) {
        const ledger::Movement& m = movements[k];
        const Origin origin =
            k < expired_.size() ? Origin{0, MoveKind::expiry} : origins_[k - expired_.size()];
        moves_[k] =
            Move{m.debit, m.credit, m.held, m.released, m.posted, origin.index, origin.kind};
    }
    ledger_.clear_movements();
}

}  // namespace suan::settle
