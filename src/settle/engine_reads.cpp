// What the engine tells about the past: proofs, histories, balances at a time.
#include "crypto/merkle.hpp"
#include "crypto/sm3.hpp"
#include "settle/pipeline.hpp"

#include <fmt/format.h>

namespace suan::settle {
namespace {

Error not_found(std::string what) {
    return Error{ErrorCode::not_found, std::move(what)};
}

std::size_t size_of_record(const Frame& frame) {
    return (frame.body.size() - batch_head_bytes) / frame.block.count;
}

ledger::Transfer transfer_at(const Frame& frame, std::uint32_t index) {
    ledger::Transfer out;
    const std::size_t at = batch_head_bytes + index * size_of_record(frame);
    std::memcpy(&out, frame.body.data() + at, sizeof out);
    return out;
}

TransferProof prove_in(const Frame& frame, std::uint32_t index) {
    const std::size_t size = size_of_record(frame);
    TransferProof out{.block = frame.block, .book = batch_book(frame.body), .index = index};
    out.record = frame.body.substr(batch_head_bytes + index * size, size);
    out.code = static_cast<Code>(frame.answers[index]);
    out.path =
        crypto::inclusion_path(frame_leaves(frame.block.kind, frame.body, frame.answers), index);
    return out;
}

}  // namespace

bool verify_proof(const TransferProof& proof) {
    std::string row(1, '\0');
    row.append(proof.record);
    row.push_back(static_cast<char>(proof.code));
    return crypto::verify_inclusion(crypto::sm3(row), proof.index, proof.block.count, proof.path,
                                    proof.block.root);
}

Result<Block> Engine::block(std::uint64_t number) const {
    const Result<std::string> bytes = pipeline_->read_frame(number);
    if (!bytes) return bytes.error();
    const Result<Frame> frame = decode_frame(*bytes);
    if (!frame) return frame.error();
    return frame->block;
}

Result<TransferProof> Engine::prove(std::uint64_t block, std::uint32_t index) const {
    const Result<std::string> bytes = pipeline_->read_frame(block);
    if (!bytes) return bytes.error();
    const Result<Frame> frame = decode_frame(*bytes);
    if (!frame) return frame.error();
    if (frame->block.kind != FrameKind::transfers || index >= frame->block.count) {
        return not_found("the block has no transfer of that index");
    }
    return prove_in(*frame, index);
}

Result<TransferProof> Engine::proof(std::uint32_t book, ledger::TransferId transfer) {
    bool is_book = false;
    auto seen = read([&](const Books& books) { is_book = books.find(book) != nullptr; });
    if (!seen) return std::move(seen).error();
    if (!is_book) return not_found(fmt::format("there is no book {}", book));
    if (auto done = pipeline_->wait_for_index(); !done) return std::move(done).error();
    const auto places = pipeline_->index().find(book, transfer);
    if (!places) return places.error();
    for (const TransferPlace& place : *places) {
        const Result<std::string> bytes = pipeline_->read_frame(place.block);
        if (!bytes) return bytes.error();
        const Result<Frame> frame = decode_frame(*bytes);
        if (!frame) return frame.error();
        const bool is_it = frame->block.kind == FrameKind::transfers &&
                           batch_book(frame->body) == book && place.index < frame->block.count &&
                           transfer_at(*frame, place.index).id == transfer;
        if (is_it) return prove_in(*frame, place.index);
    }
    return not_found(fmt::format("book {} has made no transfer {:016x}{:016x}", book, transfer.high,
                                 transfer.low));
}

Result<ledger::AccountIndex> Engine::find_account(std::uint32_t book, ledger::AccountId account) {
    ledger::AccountIndex out;
    bool is_book = false;
    auto seen = read([&](const Books& books) {
        const Book* const found = books.find(book);
        is_book = found != nullptr;
        if (is_book) out = found->ledger().find_account(account);
    });
    if (!seen) return std::move(seen).error();
    if (!is_book) return not_found(fmt::format("there is no book {}", book));
    if (!out) {
        return not_found(
            fmt::format("book {} has no account {:016x}{:016x}", book, account.high, account.low));
    }
    if (auto done = pipeline_->wait_for_index(); !done) return std::move(done).error();
    return out;
}

// Items of one block stand together, so each frame is read once.
Result<std::vector<HistoryEntry>> Engine::with_transfers(std::vector<HistoryItem> items) {
    std::vector<HistoryEntry> out;
    std::string bytes;
    Frame frame;  // views of bytes
    for (const HistoryItem& item : items) {
        HistoryEntry& entry = out.emplace_back(HistoryEntry{item, std::nullopt});
        if (item.kind == MoveKind::expiry) continue;
        if (item.block != frame.block.number) {
            Result<std::string> found = pipeline_->read_frame(item.block);
            if (!found) return std::move(found).error();
            bytes = std::move(*found);
            Result<Frame> decoded = decode_frame(bytes);
            if (!decoded) return std::move(decoded).error();
            frame = *decoded;
        }
        if (frame.block.number != item.block || frame.block.kind != FrameKind::transfers ||
            item.index >= frame.block.count) {
            return Error{ErrorCode::corrupt, fmt::format("history: block {} has no transfer {}",
                                                         item.block, item.index)};
        }
        entry.transfer = transfer_at(frame, item.index);
    }
    return out;
}

Result<std::vector<HistoryEntry>> Engine::history(std::uint32_t book, ledger::AccountId account,
                                                  std::uint64_t after, std::size_t limit) {
    const Result<ledger::AccountIndex> index = find_account(book, account);
    if (!index) return index.error();
    auto items =
        pipeline_->index().after(book, index->value, after, std::min(limit, history_limit_max));
    if (!items) return std::move(items).error();
    return with_transfers(std::move(*items));
}

Result<std::vector<HistoryEntry>> Engine::history_before(std::uint32_t book,
                                                         ledger::AccountId account,
                                                         std::uint64_t before, std::size_t limit) {
    const Result<ledger::AccountIndex> index = find_account(book, account);
    if (!index) return index.error();
    auto items =
        pipeline_->index().before(book, index->value, before, std::min(limit, history_limit_max));
    if (!items) return std::move(items).error();
    return with_transfers(std::move(*items));
}

Result<Balances> Engine::balance_at(std::uint32_t book, ledger::AccountId account, Time time) {
    const Result<ledger::AccountIndex> index = find_account(book, account);
    if (!index) return index.error();
    return pipeline_->index().balance_at(book, index->value, time);
}

}  // namespace suan::settle
