#include "settle/engine.hpp"

#include "base/assert.hpp"
#include "crypto/merkle.hpp"
#include "crypto/random.hpp"
#include "crypto/sm3.hpp"
#include "settle/admin_codec.hpp"
#include "settle/channel.hpp"

#include <atomic>
#include <future>
#include <thread>

namespace suan::settle {
namespace {

// One submission on its way.
struct Task {
    Work work;
    std::function<void(const Books&)> look;  // of a read, which has no work
    std::uint64_t seen = 0;                  // of a read: the newest block in what it saw
    std::function<void(Task&, const std::optional<Error>&)> done;
    std::size_t bytes = 0;
    std::promise<void> checked;
    std::string frame;

    bool is_read() const { return static_cast<bool>(look); }
};
using TaskPointer = std::shared_ptr<Task>;

Hash256 new_journal_id() {
    Hash256 out;
    const std::string bytes = crypto::random_bytes(out.size());
    std::copy_n(as_bytes(bytes).begin(), out.size(), out.begin());
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

}  // namespace

class Engine::Pipeline {
public:
    Pipeline(const EngineOptions& options, std::unique_ptr<File> file, Now now,
             const VerifierFactory& factory)
        : options_(options),
          file_(std::move(file)),
          now_(std::move(now)),
          factory_(factory),
          decider_(options.books, keys_),
          gate_(options.bytes_in_flight_max) {}

    Result<void> start() {
        Result<Journal> journal = Journal::open(
            *file_, new_journal_id(), [&](const Frame& frame) { return decider_.replay(frame); },
            options_.check_on_open);
        if (!journal) return std::move(journal).error();
        journal_.emplace(std::move(*journal));
        sealer_.emplace(journal_->position());
        durable_ = journal_->position().last_number;
        for (std::size_t i = 0; i < options_.check_threads; ++i)
            threads_.emplace_back([this] { run_checks(); });
        threads_.emplace_back([this] { run_decisions(); });
        threads_.emplace_back([this] { run_seals(); });
        threads_.emplace_back([this] { run_appends(); });
        return {};
    }

    ~Pipeline() {
        to_check_.close();
        to_decide_.close();
        for (std::thread& thread : threads_)
            thread.join();
    }

    void enter(TaskPointer task) {
        task->bytes = task->work.body.size() + sizeof(Task);
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
    Result<std::string> read_frame(std::uint64_t number) const {
        const std::lock_guard lock(journal_mutex_);
        return journal_->read_frame(number);
    }

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
            Task& task = **popped;
            task.checked.get_future().wait();
            if (task.is_read()) {
                task.look(decider_.books());
                task.seen = newest;
            } else {
                if (!task.work.error) late.check_again(task.work);
                decider_.decide(task.work, now_());
                if (!task.work.answers.empty()) ++newest;
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
                work.block = sealer_->seal(content, durable_, (*popped)->frame);
            }
            to_append_.push(std::move(*popped));
        }
        to_append_.close();
    }

    // Everything that waits becomes one write and one sync.
    void run_appends() {
        while (auto first = to_append_.pop()) {
            std::vector<TaskPointer> group{std::move(*first)};
            std::vector<std::size_t> sizes{group[0]->frame.size()};
            std::string frames = std::move(group[0]->frame);
            while (frames.size() < options_.group_bytes_max) {
                auto next = to_append_.try_pop();
                if (!next) break;
                frames.append((*next)->frame);
                sizes.push_back((*next)->frame.size());
                group.push_back(std::move(*next));
            }
            std::erase(sizes, 0);  // what leaves nothing behind, but waits for what it saw
            append(frames, sizes);
            for (const TaskPointer& task : group) {
                task->done(*task, failure_ ? failure_ : task->work.error);
                gate_.leave(task->bytes);
            }
        }
    }

    void append(const std::string& frames, const std::vector<std::size_t>& sizes) {
        if (failure_ || frames.empty()) return;
        const std::lock_guard lock(journal_mutex_);
        if (auto done = journal_->append(frames, sizes); !done) {
            failure_ = std::move(done).error().wrap("the journal is closed after a failed write");
            return;
        }
        durable_ += sizes.size();
    }

    EngineOptions options_;
    std::unique_ptr<File> file_;
    Now now_;
    VerifierFactory factory_;
    KeyDirectory keys_;
    Decider decider_;
    std::optional<Journal> journal_;
    std::optional<Sealer> sealer_;
    std::atomic<std::uint64_t> durable_{0};
    std::optional<Error> failure_;  // of the append thread
    mutable std::mutex journal_mutex_;
    Gate gate_;
    std::mutex order_;
    Channel<TaskPointer> to_check_;
    Channel<TaskPointer> to_decide_;
    Channel<TaskPointer> to_seal_;
    Channel<TaskPointer> to_append_;
    std::vector<std::thread> threads_;
};

Engine::Engine(std::unique_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(const EngineOptions& options,
                                             std::unique_ptr<File> file, Now now,
                                             const VerifierFactory& factory) {
    SUAN_ASSERT(options.check_threads > 0);
    auto pipeline = std::make_unique<Pipeline>(options, std::move(file), std::move(now), factory);
    if (auto started = pipeline->start(); !started) return std::move(started).error();
    return std::unique_ptr<Engine>(new Engine(std::move(pipeline)));
}

const Hash256& Engine::journal_id() const {
    return pipeline_->journal_id();
}

std::uint64_t Engine::blocks() const {
    return pipeline_->durable();
}

void Engine::submit(std::string batch, std::function<void(Result<Settled>)> done) {
    auto task = std::make_shared<Task>();
    task->work.kind = FrameKind::transfers;
    task->work.body = std::move(batch);
    task->done = [done = std::move(done)](Task& ended, const std::optional<Error>& error) {
        if (error) return done(*error);
        done(Settled{std::move(ended.work.codes), ended.work.block});
    };
    pipeline_->enter(std::move(task));
}

void Engine::change(const Admin& change, std::function<void(Result<AdminAnswer>)> done) {
    auto task = std::make_shared<Task>();
    task->work.kind = FrameKind::change;
    task->work.body = encode_admin(change);
    task->done = [done = std::move(done)](Task& ended, const std::optional<Error>& error) {
        if (error && error->context == to_string(AdminCode::malformed_key)) {
            return done(AdminAnswer{.code = AdminCode::malformed_key});
        }
        if (error) return done(*error);
        done(std::move(ended.work.answer));
    };
    pipeline_->enter(std::move(task));
}

Result<Settled> Engine::submit(std::string batch) {
    std::promise<Result<Settled>> answer;
    submit(std::move(batch), [&](Result<Settled> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
}

Result<AdminAnswer> Engine::change(const Admin& change_in) {
    std::promise<Result<AdminAnswer>> answer;
    change(change_in, [&](Result<AdminAnswer> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
}

Result<std::uint64_t> Engine::read(std::function<void(const Books&)> look) {
    std::promise<Result<std::uint64_t>> answer;
    auto task = std::make_shared<Task>();
    task->look = std::move(look);
    task->done = [&](Task& done, const std::optional<Error>& error) {
        answer.set_value(error ? Result<std::uint64_t>(*error) : Result<std::uint64_t>(done.seen));
    };
    pipeline_->enter(std::move(task));
    return answer.get_future().get();
}

Result<Block> Engine::block(std::uint64_t number) const {
    Result<std::string> bytes = pipeline_->read_frame(number);
    if (!bytes) return std::move(bytes).error();
    Result<Frame> frame = decode_frame(*bytes);
    if (!frame) return std::move(frame).error();
    return frame->block;
}

Result<TransferProof> Engine::prove(std::uint64_t block, std::uint32_t index) const {
    Result<std::string> bytes = pipeline_->read_frame(block);
    if (!bytes) return std::move(bytes).error();
    Result<Frame> frame = decode_frame(*bytes);
    if (!frame) return std::move(frame).error();
    if (frame->block.kind != FrameKind::transfers || index >= frame->block.count) {
        return Error{ErrorCode::not_found, "the block has no transfer of that index"};
    }
    const std::size_t size = (frame->body.size() - batch_head_bytes) / frame->block.count;
    TransferProof out{.block = frame->block, .book = batch_book(frame->body), .index = index};
    out.record = frame->body.substr(batch_head_bytes + index * size, size);
    out.code = static_cast<Code>(frame->answers[index]);
    out.path =
        crypto::inclusion_path(frame_leaves(frame->block.kind, frame->body, frame->answers), index);
    return out;
}

bool verify_proof(const TransferProof& proof) {
    std::string row(1, '\0');
    row.append(proof.record);
    row.push_back(static_cast<char>(proof.code));
    return crypto::verify_inclusion(crypto::sm3(row), proof.index, proof.block.count, proof.path,
                                    proof.block.root);
}

}  // namespace suan::settle
