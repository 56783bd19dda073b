// The stages of the engine as threads. For engine*.cpp alone.
#pragma once

#include "base/assert.hpp"
#include "crypto/random.hpp"
#include "settle/admin_codec.hpp"
#include "settle/channel.hpp"
#include "settle/engine.hpp"
#include "settle/history/index.hpp"
#include "settle/history/kept_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

namespace suan::settle {
namespace pipeline {

// Where a segment of the histories ends, and the books as they were then, where they are to be
// kept.
struct Cut {
    bool ends_segment = false;
    std::optional<std::vector<std::pair<std::uint32_t, BookState>>> books{};
    Time time;
};

// Decides that. The state is written as often as it is small beside the journal since the last
// time, so that it costs a part of what the journal costs, and opening replays little.
class Cutter {
public:
    explicit Cutter(const EngineOptions& options) : options_(options) {}

    Cut after(const Work& work, const Decider& decider) {
        Cut out;
        if (options_.index_folder.empty() || work.answers.empty()) return out;
        moves_ += 1 + 2 * work.moves.size();
        bytes_ += work.body.size();
        if (moves_ < options_.moves_per_segment) return out;
        out.ends_segment = true;
        moves_ = 0;
        if (bytes_ < 4 * state_bytes_) return out;
        out.books = decider.export_state();
        out.time = decider.last_time();
        bytes_ = 0;
        state_bytes_ = 0;
        for (const auto& [number, state] : *out.books) {
            state_bytes_ += state.ledger.accounts.size() * sizeof(ledger::Account) +
                            state.ledger.pending.size() * sizeof(ledger::Transfer) +
                            state.keys.size() * sizeof(BookState::Key);
        }
        return out;
    }

private:
    const EngineOptions& options_;
    std::size_t moves_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t state_bytes_ = 0;
};

// One submission on its way.
struct Task {
    Work work;
    std::function<void(const Books&)> look;  // of a read, which has no work
    std::uint64_t seen = 0;                  // of a read: the newest block in what it saw
    std::function<void(Work&, const std::optional<Error>&)> done;
    std::size_t bytes = 0;
    std::promise<void> checked;
    std::string frame_head;    // empty: it leaves no frame behind
    std::uint64_t offset = 0;  // of the frame in the journal
    std::size_t frame_size = 0;
    bool is_durable = false;  // there is a frame, and it is on disk
    Cut cut;

    bool is_read() const { return static_cast<bool>(look); }
};
using TaskPointer = std::shared_ptr<Task>;

inline Hash256 new_journal_id() {
    Hash256 out;
    const std::string bytes = crypto::random_bytes(out.size());
    std::copy_n(as_bytes(bytes).begin(), out.size(), out.begin());
    return out;
}

inline Books::Options with_movements(Books::Options options) {
    options.ledger.keeps_movements = true;
    return options;
}

inline std::uint64_t new_secret() {
    return read_u64(crypto::random_bytes(8), 0);
}

// A block as the history takes it.
inline BlockMoves moves_of(const Work& work, const Block& block, std::uint64_t offset) {
    BlockMoves out;
    out.place.number = block.number;
    out.place.offset = offset;
    out.place.time = block.time;
    if (work.kind == FrameKind::change) return out;
    out.place.book = work.batch.book;
    out.moves = work.moves;
    out.finishes = work.finishes;
    out.transfers = work.batch.transfers;
    out.answers = work.answers;
    out.place.finished = static_cast<std::uint32_t>(work.finishes.size());
    for (std::size_t i = 0; i < work.answers.size(); ++i) {
        const bool is_hold = (out.transfers[i].flags & ledger::transfer_flags::pending) != 0;
        if (work.answers[i] == 0 && !is_hold) ++out.place.finished;
    }
    return out;
}

// Bounds what is on its way.
class Gate {
public:
    explicit Gate(std::size_t most) : most_(most) {}
    // One submission always gets in, however large.
    void enter(std::size_t bytes) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return used_ == 0 || used_ + bytes <= most_; });
        used_ += bytes;
    }
    void leave(std::size_t bytes) {
        {
            const std::lock_guard lock(mutex_);
            used_ -= bytes;
        }
        room_.notify_all();
    }

private:
    std::size_t most_;
    std::mutex mutex_;
    std::condition_variable room_;
    std::size_t used_ = 0;
};

}  // namespace pipeline

class Engine::Pipeline {
public:
    Pipeline(const EngineOptions& options, std::unique_ptr<File> file, Now now,
             const VerifierFactory& factory)
        : options_(options),
          file_(std::move(file)),
          now_(std::move(now)),
          factory_(factory),
          decider_(pipeline::with_movements(options.books), keys_),
          cutter_(options_),
          gate_(options.bytes_in_flight_max) {}

    Result<void> start() {
        Result<Journal> journal = Journal::open_head(*file_, pipeline::new_journal_id());
        if (!journal) return std::move(journal).error();
        journal_.emplace(std::move(*journal));
        if (auto done = start_from_kept(); !done) return done;
        const auto replay = [&](const Frame& frame) { return take_again(frame); };
        if (auto done = journal_->read_all(replay, options_.check_on_open); !done) return done;
        sealer_.emplace(journal_->position());
        durable_ = journal_->position().last_number;
        for (std::size_t i = 0; i < options_.check_threads; ++i)
            threads_.emplace_back([this] { run_checks(); });
        threads_.emplace_back([this] { run_decisions(); });
        threads_.emplace_back([this] { run_seals(); });
        threads_.emplace_back([this] { run_appends(); });
        threads_.emplace_back([this] { run_index(); });
        return {};
    }

    ~Pipeline() {
        to_check_.close();
        to_decide_.close();
        for (std::thread& thread : threads_)
            thread.join();
        // Space taken ahead of the writes is given back, so that opening need not look through it.
        if (journal_ && !failure_) static_cast<void>(file_->truncate(journal_->bytes()));
    }

    void enter(pipeline::TaskPointer task) {
        task->bytes = task->work.body.size() + sizeof(pipeline::Task);
        gate_.enter(task->bytes);
        // Both queues under one lock, so that the order is the same for all.
        const std::lock_guard lock(order_);
        if (task->is_read()) {
            task->checked.set_value();
        } else {
            to_check_.push(task);
        }
        to_decide_.push(std::move(task));
    }

    const Hash256& journal_id() const { return journal_->id(); }
    std::uint64_t durable() const { return durable_; }
    Result<std::string> read_frame(std::uint64_t number) {
        if (auto done = wait_for_index(); !done) return std::move(done).error();
        const Result<std::uint64_t> offset = index_->offset_of(number);
        if (!offset) return offset.error();
        return journal_->read_frame_at(*offset);
    }
    // The history has everything that is on disk.
    Result<void> wait_for_index() {
        const std::uint64_t wanted = durable_;
        std::unique_lock lock(index_mutex_);
        index_grew_.wait(lock, [&] { return index_failure_ || index_->last_block() >= wanted; });
        if (index_failure_) return *index_failure_;
        return {};
    }
    const HistoryIndex& index() const { return *index_; }

private:
    void run_checks() {
        Checker checker(journal_->id(), keys_, factory_);
        while (auto task = to_check_.pop()) {
            checker.check((*task)->work);
            (*task)->checked.set_value();
        }
    }

    void run_decisions() {
        Checker late(journal_->id(), keys_, factory_);
        std::uint64_t newest = durable_;
        while (auto popped = to_decide_.pop()) {
            pipeline::Task& task = **popped;
            task.checked.get_future().wait();
            if (task.is_read()) {
                task.look(decider_.books());
                task.seen = newest;
            } else {
                if (!task.work.error) late.check_again(task.work);
                decider_.decide(task.work, now_());
                if (!task.work.answers.empty()) ++newest;
                task.cut = cutter_.after(task.work, decider_);
            }
            to_seal_.push(std::move(*popped));
        }
        to_seal_.close();
    }

    void run_seals() {
        while (auto popped = to_seal_.pop()) {
            Work& work = (*popped)->work;
            if (!work.answers.empty()) {
                const Sealer::Content content{work.kind, work.time, work.body, work.answers,
                                              work.state_digest};
                (*popped)->frame_head = sealer_->seal_head(content, durable_, work.block);
                (*popped)->frame_size = frame_head_bytes + work.body.size() + work.answers.size() +
                                        Sealer::frame_padding(content).size();
            }
            to_append_.push(std::move(*popped));
        }
        to_append_.close();
    }

    // Everything that waits becomes one write and one sync.
    void run_appends() {
        while (auto first = to_append_.pop()) {
            std::vector<pipeline::TaskPointer> group{std::move(*first)};
            std::size_t bytes = group[0]->frame_size;
            while (bytes < options_.group_bytes_max) {
                auto next = to_append_.try_pop();
                if (!next) break;
                bytes += (*next)->frame_size;
                group.push_back(std::move(*next));
            }
            append(group);
            for (pipeline::TaskPointer& task : group) {
                task->is_durable = !failure_ && task->work.block.number != 0;
                task->done(task->work, failure_ ? failure_ : task->work.error);
                to_index_.push(std::move(task));
            }
        }
        to_index_.close();
    }

    // A task without a frame waits for what it saw.
    void append(std::span<const pipeline::TaskPointer> group) {
        std::vector<std::string_view> pieces;
        std::uint64_t offset = journal_->bytes();
        std::uint64_t blocks = 0;
        for (const pipeline::TaskPointer& task : group) {
            if (task->frame_head.empty()) continue;
            const Work& work = task->work;
            const Sealer::Content content{work.kind, work.time, work.body, work.answers,
                                          work.state_digest};
            pieces.insert(pieces.end(), {task->frame_head, content.body, content.answers,
                                         Sealer::frame_padding(content)});
            task->offset = offset;
            offset += task->frame_size;
            ++blocks;
        }
        if (failure_ || pieces.empty()) return;
        if (auto done = journal_->append(pieces); !done) {
            failure_ = std::move(done).error().wrap("the journal is closed after a failed write");
            return;
        }
        durable_ += blocks;
    }

    // Behind the answers: a history may lag, and whoever asks waits for it.
    void run_index() {
        while (auto popped = to_index_.pop()) {
            pipeline::Task& task = **popped;
            if (task.is_durable && !index_failure_) {
                const Block& block = task.work.block;
                auto done = index_block(pipeline::moves_of(task.work, block, task.offset), task.cut,
                                        block, task.offset + task.frame_size);
                const std::lock_guard lock(index_mutex_);
                if (!done) index_failure_ = std::move(done).error();
            }
            index_grew_.notify_all();
            gate_.leave(task.bytes);
        }
    }

    Result<void> index_block(const BlockMoves& moves, pipeline::Cut& cut, const Block& block,
                             std::uint64_t end) {
        index_->add(moves);
        if (!cut.ends_segment) return {};
        if (auto done = index_->close_segment(); !done) return done;
        if (!cut.books) return {};
        KeptState kept;
        kept.position = {block.number, block_hash(block)};
        kept.offset = end;
        kept.time = cut.time;
        for (auto& [number, state] : *cut.books)
            kept.books.push_back({number, std::move(state), index_->sequences(number)});
        cut.books.reset();
        const std::string bytes = encode_kept(journal_->id(), kept);
        const std::string_view pieces[] = {bytes};
        return write_whole(kept_path(options_.index_folder), pieces);
    }

    // One frame of the journal, on opening.
    Result<void> take_again(const Frame& frame) {
        Work work;
        if (auto done = decider_.replay(frame, work); !done) return done;
        pipeline::Cut cut = cutter_.after(work, decider_);
        return index_block(pipeline::moves_of(work, frame.block, frame.offset), cut, frame.block,
                           frame.offset + frame.size);
    }

    // Books and histories as they were last kept, or none: then all frames are taken again.
    Result<void> start_from_kept() {
        const HistoryIndex::Options options{options_.index_folder, pipeline::new_secret()};
        Result<KeptState> kept =
            options_.index_folder.empty() || options_.check_on_open == Check::roots
                ? Error{ErrorCode::not_found, "not wanted"}
                : read_kept(options_.index_folder, journal_->id());
        if (kept) {
            auto index = HistoryIndex::open(options, journal_->id(), kept->position.last_number);
            if (index) {
                index_ = std::move(*index);
                if (auto done = check_kept(*kept); !done) return done;
                if (restore(*kept)) return {};
            }
        }
        auto index = HistoryIndex::open(options, journal_->id(), 0);
        if (!index) return std::move(index).error();
        index_ = std::move(*index);
        return {};
    }

    // What was kept was on disk in the journal too. Where it no longer is, acknowledged bytes are
    // gone.
    Result<void> check_kept(const KeptState& kept) {
        const std::uint64_t number = kept.position.last_number;
        const Result<std::uint64_t> offset = index_->offset_of(number);
        if (!offset) return offset.error();
        const Result<std::string> bytes = journal_->read_frame_at(*offset);
        const Result<Frame> frame = bytes ? decode_frame(*bytes) : Result<Frame>(bytes.error());
        if (frame && block_hash(frame->block) == kept.position.last_hash &&
            *offset + frame->size == kept.offset) {
            last_kept_ = frame->block;
            return {};
        }
        return Error{
            ErrorCode::corrupt,
            fmt::format("journal: offset {}: block {} was durable when {} was written, and "
                        "is not there now",
                        *offset, number, kept_path(options_.index_folder).string())};
    }

    bool restore(KeptState& kept) {
        if (!fill_finished(kept, *index_, *journal_)) return false;
        Books books(pipeline::with_movements(options_.books));
        for (const KeptBook& book : kept.books) {
            if (!books.import_book(book.number, book.state)) return false;
        }
        if (books.digest(0) != last_kept_.state_digest) return false;
        for (const KeptBook& book : kept.books) {
            const std::vector<ledger::Account>& accounts = book.state.ledger.accounts;
            for (std::uint32_t a = 0; a < book.sequences.size() && a < accounts.size(); ++a) {
                const ledger::Account& at = accounts[a];
                index_->set_start(
                    book.number, a,
                    {book.sequences[a],
                     {at.debits_pending, at.debits_posted, at.credits_pending, at.credits_posted}});
            }
        }
        decider_.restore(std::move(books), kept.time);
        journal_->skip_to(kept.position, kept.offset);
        return true;
    }

    EngineOptions options_;
    std::unique_ptr<File> file_;
    Now now_;
    VerifierFactory factory_;
    KeyDirectory keys_;
    Decider decider_;
    pipeline::Cutter cutter_;  // of whoever decides
    std::optional<Journal> journal_;
    std::optional<Sealer> sealer_;
    std::atomic<std::uint64_t> durable_{0};
    std::optional<Error> failure_;  // of the append thread
    std::unique_ptr<HistoryIndex> index_;
    Block last_kept_;
    std::mutex index_mutex_;
    std::condition_variable index_grew_;
    std::optional<Error> index_failure_;  // guarded by index_mutex_
    pipeline::Gate gate_;
    std::mutex order_;
    Channel<pipeline::TaskPointer> to_check_;
    Channel<pipeline::TaskPointer> to_decide_;
    Channel<pipeline::TaskPointer> to_seal_;
    Channel<pipeline::TaskPointer> to_append_;
    Channel<pipeline::TaskPointer> to_index_;
    std::vector<std::thread> threads_;
};

}  // namespace suan::settle
