#include "settle/steps.hpp"

#include "base/assert.hpp"
#include "settle/admin_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace suan::settle {
namespace {

std::string bytes_of(std::span<const Code> codes) {
    return std::string(reinterpret_cast<const char*>(codes.data()), codes.size());
}

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

}  // namespace

void KeyDirectory::add(std::uint32_t book, std::uint32_t number, const RawKey& key) {
    const std::unique_lock lock(mutex_);
    std::vector<RawKey>& keys = keys_[book];
    SUAN_ASSERT(number == keys.size() + 1);
    keys.push_back(key);
}

std::vector<RawKey> KeyDirectory::after(std::uint32_t book, std::size_t known) const {
    const std::shared_lock lock(mutex_);
    const auto at = keys_.find(book);
    if (at == keys_.end() || at->second.size() <= known) return {};
    return {at->second.begin() + static_cast<std::ptrdiff_t>(known), at->second.end()};
}

const std::vector<std::uint32_t>& Checker::signers_of(std::uint32_t book) {
    std::vector<std::uint32_t>& signers = signers_[book];
    for (const RawKey& key : keys_.after(book, signers.size()))
        signers.push_back(verifier_->add_signer(key));
    return signers;
}

void Checker::check(Work& work) {
    if (work.kind == FrameKind::change) {
        Result<Admin> change = decode_admin(work.body);
        if (!change) {
            work.error = std::move(change).error();
            return;
        }
        work.change = std::move(*change);
        const auto* const added = std::get_if<AddKey>(&work.change);
        if (added != nullptr && !crypto::PublicKey::from_raw(as_text(added->key))) {
            work.error = Error{ErrorCode::invalid, to_string(AdminCode::malformed_key)};
        }
        return;
    }
    Result<DecodedBatch> batch = view_batch(work.body);
    if (!batch) {
        work.error = std::move(batch).error();
        return;
    }
    work.batch = std::move(*batch);
    work.verdicts.assign(work.batch.signed_parts.size(), SignatureVerdict::no_key);
    std::vector<std::uint32_t> all(work.verdicts.size());
    for (std::uint32_t i = 0; i < all.size(); ++i)
        all[i] = i;
    if (!all.empty()) verify(work, all);
}

void Checker::check_again(Work& work) {
    std::vector<std::uint32_t> missing;
    for (std::uint32_t i = 0; i < work.verdicts.size(); ++i) {
        if (work.verdicts[i] == SignatureVerdict::no_key) missing.push_back(i);
    }
    if (!missing.empty()) verify(work, missing);
}

void Checker::verify(Work& work, const std::vector<std::uint32_t>& which) {
    const std::vector<std::uint32_t>& signers = signers_of(work.batch.book);
    const DecodedBatch& batch = work.batch;
    messages_.clear();
    messages_.reserve(which.size() * signed_message_bytes);
    std::vector<SignedItem> items;
    std::vector<std::uint32_t> places;
    std::vector<SignaturePoint> points;
    std::vector<std::uint8_t> hints;
    items.reserve(which.size());
    places.reserve(which.size());
    for (const std::uint32_t i : which) {
        const SignedPart& part = batch.signed_parts[i];
        if (part.key == 0 || part.key > signers.size()) continue;
        const std::size_t start = messages_.size();
        append_signed_message(messages_, journal_id_, batch.book, part, batch.records()[i]);
        items.push_back(SignedItem{signers[part.key - 1],
                                   std::string_view(messages_.data() + start, signed_message_bytes),
                                   batch.signatures[i]});
        places.push_back(i);
        if (!batch.points.empty()) points.push_back(batch.points[i]);
        if (!batch.hints.empty()) hints.push_back(batch.hints[i]);
    }
    std::vector<std::uint8_t> verdicts(items.size());
    if (!items.empty()) verifier_->verify(items, points, hints, verdicts);
    for (std::size_t k = 0; k < places.size(); ++k) {
        work.verdicts[places[k]] =
            verdicts[k] != 0 ? SignatureVerdict::valid : SignatureVerdict::invalid;
    }
}

void Decider::restore(Books books, Time last_time) {
    books_ = std::move(books);
    last_time_ = last_time;
    for (const std::uint32_t number : books_.numbers()) {
        const Book& book = *books_.find(number);
        for (std::uint32_t key = 1; key <= book.keys(); ++key)
            keys_.add(number, key, book.key(key));
    }
}

void Decider::decide(Work& work, Time now) {
    if (work.error) return;
    last_time_ = std::max(last_time_, now);
    work.time = last_time_;
    work.kind == FrameKind::change ? decide_change(work) : decide_batch(work);
}

void Decider::decide_change(Work& work) {
    work.answer = books_.apply(work.change, work.time);
    if (work.answer.code != AdminCode::done) return;
    const std::uint32_t book = std::visit([](const auto& c) { return c.book; }, work.change);
    if (const auto* const added = std::get_if<AddKey>(&work.change)) {
        keys_.add(book, work.answer.number, added->key);
    }
    work.answers.assign(1, static_cast<char>(work.answer.code));
    work.state_digest = books_.digest(book);
}

void Decider::decide_batch(Work& work) {
    const DecodedBatch& batch = work.batch;
    if (books_.find(batch.book) == nullptr) {
        work.error = Error{ErrorCode::not_found, fmt::format("there is no book {}", batch.book)};
        return;
    }
    work.codes.resize(batch.records().size());
    books_.apply(batch.book, TransferBatch{batch.records(), batch.signed_parts, work.verdicts},
                 work.time, work.codes);
    work.answers = bytes_of(work.codes);
    work.state_digest = books_.digest(batch.book);
    const Book& book = *books_.find(batch.book);
    work.moves.assign(book.moves().begin(), book.moves().end());
    work.finishes.assign(book.finishes().begin(), book.finishes().end());
}

// A stored answer tells what the verdict on a signature was: nothing but a bad signature is
// answered with signature_invalid, and of a chain only the first fault counts.
Result<void> Decider::replay(const Frame& frame) {
    Work work;
    return replay(frame, work);
}

Result<void> Decider::replay(const Frame& frame, Work& work) {
    work.kind = frame.block.kind;
    work.body = frame.body;
    if (work.kind == FrameKind::change) {
        Result<Admin> change = decode_admin(work.body);
        if (!change) return std::move(change).error();
        work.change = std::move(*change);
    } else {
        Result<DecodedBatch> batch = view_batch(work.body);
        if (!batch) return corrupt(std::move(batch).error().context);
        work.batch = std::move(*batch);
        if (work.batch.records().size() != frame.answers.size()) {
            return corrupt(fmt::format("{} transfers, {} answers", work.batch.records().size(),
                                       frame.answers.size()));
        }
        const std::size_t is_signed = work.batch.signed_parts.size();
        for (std::size_t i = 0; i < is_signed; ++i) {
            const auto code = static_cast<Code>(frame.answers[i]);
            work.verdicts.push_back(code == Code::signature_invalid ? SignatureVerdict::invalid
                                                                    : SignatureVerdict::valid);
        }
    }
    return decide_again(work, frame);
}

Result<void> Decider::audit(const Frame& frame, Checker& checker) {
    Work work;
    work.kind = frame.block.kind;
    work.body = frame.body;
    checker.check(work);
    if (work.error) return corrupt(work.error->context);
    return decide_again(work, frame);
}

Result<void> Decider::decide_again(Work& work, const Frame& frame) {
    if (frame.block.time < last_time_) return corrupt("time goes back");
    decide(work, frame.block.time);
    if (work.error) return corrupt(work.error->context);
    if (work.answers != frame.answers) return corrupt("the answers differ from those given");
    if (work.state_digest != frame.block.state_digest) return corrupt("the state digest differs");
    return {};
}

}  // namespace suan::settle
