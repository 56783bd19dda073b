// The steps that a batch or a change goes through, without threads: the engine puts each step on a
// thread of its own, simulations call them one after the other.
//
//   check     decode, verify signatures          any thread, any order
//   decide    the books take it, answers         one thread, in order
//   seal      frame: root, chain, checksum       one thread, in order
//   append    write and sync, then answer        one thread, in order; groups share a sync
#pragma once

#include "base/time.hpp"
#include "settle/batch.hpp"
#include "settle/books/books.hpp"
#include "settle/journal.hpp"
#include "settle/verifier.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

namespace suan::settle {

// A batch of transfers or a change of a book on its way.
struct Work {
    FrameKind kind = FrameKind::transfers;
    std::string body;  // the bytes of the batch, or of the encoded change

    // check
    DecodedBatch batch;  // of `body`, which stays where it is
    std::vector<SignatureVerdict> verdicts;
    Admin change;
    std::optional<Error> error;  // it is refused as a whole, and nothing of it is kept

    // decide
    Time time;
    std::vector<Code> codes;  // of transfers
    AdminAnswer answer;       // of a change
    Hash256 state_digest{};
    std::string answers;  // one byte each, as the journal keeps them; empty: nothing to keep
    // Where the books keep movements: what the batch did, for histories.
    std::vector<Move> moves;
    std::vector<Finish> finishes;

    // seal
    Block block;
};

// The keys of all books, for threads that verify while the books go on. Keys are only ever added.
class KeyDirectory {
public:
    void add(std::uint32_t book, std::uint32_t number, const RawKey& key);
    // Keys of the book from number `known` + 1 on.
    std::vector<RawKey> after(std::uint32_t book, std::size_t known) const;

private:
    mutable std::shared_mutex mutex_;
    std::map<std::uint32_t, std::vector<RawKey>> keys_;
};

// One thread's verifier, with the signers it has been shown. One thread.
class Checker {
public:
    Checker(const Hash256& journal_id, const KeyDirectory& keys, const VerifierFactory& factory)
        : journal_id_(journal_id), keys_(keys), verifier_(factory()) {}

    // Decodes the body and verifies what is signed.
    void check(Work& work);
    // Verifies what `check` had no key for yet, when a key was added between it and now.
    void check_again(Work& work);

private:
    void verify(Work& work, const std::vector<std::uint32_t>& which);
    const std::vector<std::uint32_t>& signers_of(std::uint32_t book);

    Hash256 journal_id_;
    const KeyDirectory& keys_;
    std::unique_ptr<SignatureVerifier> verifier_;
    std::map<std::uint32_t, std::vector<std::uint32_t>> signers_;  // by book, then key - 1
    std::string messages_;
};

// Lets the books take checked work.
class Decider {
public:
    Decider(const Books::Options& options, KeyDirectory& keys) : books_(options), keys_(keys) {}

    // `now` earlier than the last one counts as the last one: time does not go back.
    void decide(Work& work, Time now);
    // Takes a frame of the journal: the answers and the digest must come out the same. Verdicts on
    // signatures are taken from the answers. `work` is what came of it.
    Result<void> replay(const Frame& frame, Work& work);
    Result<void> replay(const Frame& frame);
    // The same, with every signature verified anew.
    Result<void> audit(const Frame& frame, Checker& checker);

    // Takes the place of all that led to these books.
    void restore(Books books, Time last_time);

    const Books& books() const { return books_; }
    // How the books are now, but for what has finished.
    std::vector<std::pair<std::uint32_t, BookState>> export_state() const {
        return books_.export_state();
    }
    Hash256 digest() { return books_.digest(0); }
    Time last_time() const { return last_time_; }

private:
    void decide_change(Work& work);
    void decide_batch(Work& work);
    Result<void> decide_again(Work& work, const Frame& frame);

    Books books_;
    KeyDirectory& keys_;
    Time last_time_{INT64_MIN};
};

}  // namespace suan::settle
