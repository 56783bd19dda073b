#include "log/verify.hpp"

#include "crypto/sm3.hpp"
#include "log/entry.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace suan::log {
namespace {

Error differs(std::string_view what, std::string_view field, const std::string& expected,
              const std::string& found) {
    return Error{ErrorCode::corrupt,
                 fmt::format("{}: {}: expected {}, found {}", what, field, expected, found)};
}

}  // namespace

ChainVerifier::ChainVerifier(const Hash256& log_id, const crypto::PublicKey& operator_key)
    : operator_key_(operator_key), previous_(log_id) {}

ChainVerifier::ChainVerifier(const BlockHeader& trusted, const crypto::PublicKey& operator_key)
    : operator_key_(operator_key),
      next_number_(trusted.number + 1),
      block_first_seq_(trusted.last_seq + 1),
      next_seq_(trusted.last_seq + 1),
      previous_(block_hash(trusted)) {
    so_far_.last_block_seq = trusted.last_seq;
}

Result<void> ChainVerifier::entries(Seq first_seq, std::span<const std::string_view> entries) {
    if (entries.empty()) return {};
    if (first_seq != next_seq_) {
        return Error{ErrorCode::corrupt,
                     fmt::format("entry {}: expected entry {} here", first_seq, next_seq_)};
    }
    const std::size_t before = hashes_.size();
    hashes_.resize(before + entries.size());
    entry_hashes(entries, std::span(hashes_).subspan(before));
    next_seq_ += entries.size();
    so_far_.entries += entries.size();
    return {};
}

Result<void> ChainVerifier::follows(const BlockHeader& header) const {
    const std::string name = fmt::format("block {}", header.number);
    if (header.number != next_number_) {
        return differs(name, "number", std::to_string(next_number_), std::to_string(header.number));
    }
    if (header.previous != previous_) {
        return differs(name, "previous", to_hex(previous_), to_hex(header.previous));
    }
    if (header.first_seq != block_first_seq_) {
        return differs(name, "first_seq", std::to_string(block_first_seq_),
                       std::to_string(header.first_seq));
    }
    if (header.last_seq < header.first_seq || header.last_seq >= next_seq_) {
        return differs(name, "last_seq", fmt::format("{} to {}", header.first_seq, next_seq_ - 1),
                       std::to_string(header.last_seq));
    }
    return {};
}

Result<void> ChainVerifier::block(const SealedBlock& block) {
    const BlockHeader& header = block.header;
    auto good = follows(header);
    if (!good) return good;
    const auto end = hashes_.begin() + std::ptrdiff_t(header.entry_count());
    const Hash256 root = entries_root({hashes_.begin(), end});
    if (root != header.merkle_root) {
        return differs(fmt::format("block {}, entries {} to {}", header.number, header.first_seq,
                                   header.last_seq),
                       "Merkle root", to_hex(header.merkle_root), to_hex(root));
    }
    good = verify_signature(block, operator_key_);
    if (!good) return good;
    hashes_.erase(hashes_.begin(), end);
    next_number_ += 1;
    block_first_seq_ = header.last_seq + 1;
    previous_ = block_hash(header);
    so_far_.blocks += 1;
    so_far_.last_block_seq = header.last_seq;
    return {};
}

namespace {

Result<ChainVerifier> starting_point(const Log& log, const crypto::PublicKey& operator_key,
                                     std::uint64_t after_block) {
    if (after_block == 0) return ChainVerifier(log.id(), operator_key);
    auto trusted = log.block(after_block);
    if (!trusted) return std::move(trusted).error();
    auto signatures = verify_signature(*trusted, operator_key);
    if (!signatures) return std::move(signatures).error();
    return ChainVerifier(trusted->header, operator_key);
}

// The entries of one block, and the block once they are all here.
struct Piece {
    Seq first_seq = 0;
    std::string bytes;
    std::vector<std::size_t> ends;
    std::optional<SealedBlock> block;  // none: entries after the last block
};

// Hashes entries and checks blocks on a thread of its own, while the caller reads and looks at the
// entries after them. The verifier is the thread's until it has ended.
class BackgroundChecks {
public:
    explicit BackgroundChecks(ChainVerifier& verifier)
        : verifier_(verifier), thread_([this] { run(); }) {}
    ~BackgroundChecks() { static_cast<void>(finish()); }

    // Waits while too many pieces are on their way; `stop` after the first error.
    Next push(Piece piece) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return failed_.has_value() || pieces_.size() < pieces_max; });
        if (failed_.has_value()) return Next::stop;
        pieces_.push_back(std::move(piece));
        changed_.notify_all();
        return Next::more;
    }
    // Checks what was pushed, then ends: the first error. Idempotent.
    Result<void> finish() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            changed_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
        if (failed_.has_value()) return *failed_;
        return {};
    }

private:
    static constexpr std::size_t pieces_max = 4;

    void run() {
        while (auto piece = take()) {
            auto good = check(*piece);
            if (good) continue;
            const std::lock_guard lock(mutex_);
            failed_ = std::move(good).error();
            changed_.notify_all();
            return;
        }
    }
    std::optional<Piece> take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || !pieces_.empty(); });
        if (pieces_.empty()) return std::nullopt;
        Piece piece = std::move(pieces_.front());
        pieces_.pop_front();
        changed_.notify_all();
        return piece;
    }
    Result<void> check(const Piece& piece) {
        std::vector<std::string_view> entries;
        std::size_t begin = 0;
        for (const std::size_t end : piece.ends) {
            entries.push_back(std::string_view(piece.bytes).substr(begin, end - begin));
            begin = end;
        }
        auto good = verifier_.entries(piece.first_seq, entries);
        if (!good) return good;
        if (!piece.block.has_value()) return {};
        return verifier_.block(*piece.block);
    }

    ChainVerifier& verifier_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Piece> pieces_;
    std::optional<Error> failed_;
    bool closed_ = false;
    std::thread thread_;
};

// Entries after the last block are handed over in pieces of this many bytes.
constexpr std::size_t piece_bytes_max = 8 << 20;

// Reads the log and shows it to `options`, handing what it read to the checks.
class Reader {
public:
    Reader(const Log& log, const VerifyOptions& options, Seq first, BackgroundChecks& checks)
        : log_(log), options_(options), next_seq_(first), checks_(checks) {
        piece_.first_seq = first;
    }

    Result<void> read(const Head& head) {
        for (std::uint64_t number = options_.after_block + 1; number <= head.last_block; ++number) {
            auto block = log_.block(number);
            if (!block) return std::move(block).error();
            // A block that claims entries past the head is caught by the verifier.
            auto good = pass_entries(std::min(block->header.last_seq, head.last_seq));
            if (!good) return good;
            piece_.block = *block;
            if (hand_over() == Next::stop) return {};
            good = options_.each_block ? options_.each_block(*block) : Result<void>{};
            if (!good) return good;
        }
        auto good = pass_entries(head.last_seq);
        if (good) static_cast<void>(hand_over());
        return good;
    }

private:
    Result<void> pass_entries(Seq last) {
        if (next_seq_ > last) return {};
        auto read = log_.for_each(
            next_seq_, last, [&](Seq seq, std::string_view bytes) { return take(seq, bytes); });
        if (!read || stopped_ || next_seq_ == last + 1) return read;
        return Error{
            ErrorCode::corrupt,
            fmt::format("entry {}: expected entries up to {}, found none", next_seq_, last)};
    }
    Result<Next> take(Seq seq, std::string_view bytes) {
        if (options_.each_entry) {
            auto good = options_.each_entry(seq, bytes);
            if (!good) return std::move(good).error();
        }
        piece_.bytes.append(bytes);
        piece_.ends.push_back(piece_.bytes.size());
        next_seq_ = seq + 1;
        if (piece_.bytes.size() < piece_bytes_max) return Next::more;
        return hand_over();
    }
    Next hand_over() {
        Piece next;
        next.first_seq = next_seq_;
        next.bytes.reserve(piece_.bytes.size());
        next.ends.reserve(piece_.ends.size());
        const Next go_on = checks_.push(std::exchange(piece_, std::move(next)));
        stopped_ = go_on == Next::stop;
        return go_on;
    }

    const Log& log_;
    const VerifyOptions& options_;
    Seq next_seq_;
    BackgroundChecks& checks_;
    Piece piece_;
    bool stopped_ = false;  // the checks have failed
};

}  // namespace

Result<Verified> verify_log(const Log& log, const crypto::PublicKey& operator_key,
                            const VerifyOptions& options) {
    auto verifier = starting_point(log, operator_key, options.after_block);
    if (!verifier) return std::move(verifier).error();
    BackgroundChecks checks(*verifier);
    Reader reader(log, options, verifier->next_seq(), checks);
    auto read = reader.read(log.head());
    // What the checks were given lies before the entry at which the reading ended.
    auto checked = checks.finish();
    if (!checked) return std::move(checked).error();
    if (!read) return std::move(read).error();
    return verifier->so_far();
}

}  // namespace suan::log
