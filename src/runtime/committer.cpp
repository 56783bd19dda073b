#include "runtime/committer.hpp"

#include "base/limits.hpp"

#include <algorithm>

namespace suan::runtime {
namespace {

std::uint64_t us_since(Instant begun) {
    const auto took = std::chrono::steady_clock::now() - begun;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
}

void set_hash(Answer& answer, const Batch& batch) {
    auto* accepted = std::get_if<Accepted>(&answer);
    if (accepted == nullptr || accepted->seq == 0) return;
    accepted->entry_hash = batch.entries[accepted->seq - batch.first_seq].entry_hash;
}

void set_hashes(Batch& batch) {
    for (Reply& reply : batch.replies) {
        if (auto* one = std::get_if<OneReply>(&reply.what)) {
            set_hash(one->answer, batch);
        } else if (auto* many = std::get_if<ManyReply>(&reply.what)) {
            for (Answer& each : many->answers)
                set_hash(each, batch);
        }
    }
}

void deliver(Reply& reply) {
    if (auto* one = std::get_if<OneReply>(&reply.what)) {
        if (one->done) one->done(std::move(one->answer));
    } else if (auto* many = std::get_if<ManyReply>(&reply.what)) {
        if (many->done) many->done(std::move(many->answers));
    } else if (auto* query = std::get_if<QueryReply>(&reply.what)) {
        if (query->done) query->done(query->end);
    }
}

}  // namespace

Committer::Committer(Parts parts, log::BlockBuilder blocks, std::size_t batches_in_flight_max)
    : parts_(std::move(parts)), blocks_(std::move(blocks)), queue_(batches_in_flight_max) {}

void Committer::start() {
    thread_ = std::thread([this] { run(); });
}

void Committer::stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
}

void Committer::run() {
    for (Batches batches = queue_.take(); !batches.empty(); batches = queue_.take()) {
        const bool had_failed = failed();
        if (!had_failed) commit_all(batches);
        if (failed()) {
            for (auto& batch : batches)
                refuse(*batch);
        }
        if (parts_.callbacks_delivered) parts_.callbacks_delivered();
        // Who waits hears of it before the process ends.
        if (failed() && !had_failed) parts_.fatal(failure_);
    }
}

// One group commit, or several when their entries are too much for one.
void Committer::commit_all(Batches& batches) {
    const auto all = Group(batches);
    std::size_t begin = 0;
    while (begin < all.size() && !failed()) {
        std::size_t bytes = all[begin]->bytes.size();
        std::size_t end = begin + 1;
        for (; end < all.size(); ++end) {
            bytes += all[end]->bytes.size();
            if (bytes > limits::append_bytes_max) break;
        }
        commit(all.subspan(begin, end - begin));
        begin = end;
    }
}

void Committer::commit(Group batches) {
    const Instant begun = std::chrono::steady_clock::now();
    auto done = append(batches);
    if (!done) {
        fail(std::move(done).error().context);
        return;
    }
    parts_.metrics.commit_us.record(us_since(begun));
    for (auto& batch : batches) {
        hash(*batch);
        if (!batch->effects.empty()) parts_.effector.push(std::move(batch->effects));
        set_hashes(*batch);
        // Whoever is told of a change finds it in the live feed.
        if (!batch->entries.empty()) parts_.live.publish(std::move(batch->entries));
        answer(*batch);
    }
}

Result<void> Committer::append(Group batches) {
    std::vector<std::string_view> entries;
    std::vector<log::Payload> payloads;
    std::uint64_t bytes = 0;
    for (const auto& batch : batches) {
        for (std::size_t i = 0; i < batch->ends.size(); ++i) {
            entries.push_back(batch->entry_bytes(i));
        }
        for (const StoredPayload& payload : batch->payloads) {
            payloads.push_back({payload.hash, payload.body});
        }
        bytes += batch->bytes.size();
    }
    if (entries.empty()) return {};
    log::Batch group;
    const auto first = std::find_if(batches.begin(), batches.end(),
                                    [](const auto& batch) { return !batch->entries.empty(); });
    group.first_seq = (*first)->first_seq;
    group.entries = entries;
    group.payloads = payloads;
    if (parts_.history != nullptr) {
        group.also = [&]() -> Result<void> {
            for (const auto& batch : batches) {
                auto written = parts_.history->write(batch->rows);
                if (!written) return written;
            }
            return parts_.history->finish(group.first_seq + entries.size() - 1);
        };
    }
    auto done = parts_.log.append(group);
    if (!done) return done;
    Metrics& metrics = parts_.metrics;
    add(metrics.commits);
    add(metrics.entries, entries.size());
    add(metrics.entry_bytes, bytes);
    metrics.last_seq.store(group.first_seq + entries.size() - 1, std::memory_order_relaxed);
    return {};
}

void Committer::hash(Batch& batch) {
    std::vector<std::string_view> views;
    std::size_t from = 0;
    const auto take_until = [&](std::size_t end) {
        if (from == end) return;
        views.clear();
        for (std::size_t i = from; i < end; ++i)
            views.push_back(batch.entry_bytes(i));
        const Time at{batch.entries[from].entry->time_us()};
        const std::span<const Hash256> hashes = blocks_.add(views, at);
        for (std::size_t i = from; i < end; ++i)
            batch.entries[i].entry_hash = hashes[i - from];
        from = end;
    };
    for (BlockMark& mark : batch.marks) {
        take_until(static_cast<std::size_t>(mark.last_seq + 1 - batch.first_seq));
        SealWork work;
        work.header = blocks_.close(mark.time, mark.state_digest);
        work.snapshot = std::move(mark.snapshot);
        parts_.sealer.push(std::move(work));
    }
    take_until(batch.entries.size());
}

void Committer::answer(Batch& batch) {
    for (Reply& reply : batch.replies) {
        parts_.metrics.request_us.record(us_since(reply.submitted));
        deliver(reply);
    }
    batch.replies.clear();
}

void Committer::refuse(Batch& batch) {
    for (Reply& reply : batch.replies) {
        if (auto* one = std::get_if<OneReply>(&reply.what)) {
            one->answer = Unavailable{failure_};
        } else if (auto* many = std::get_if<ManyReply>(&reply.what)) {
            std::fill(many->answers.begin(), many->answers.end(), Answer{Unavailable{failure_}});
        } else if (auto* query = std::get_if<QueryReply>(&reply.what)) {
            query->end = QueryEnd::unavailable;
        }
        deliver(reply);
    }
    batch.replies.clear();
}

void Committer::fail(const std::string& why) {
    failure_ = "the log cannot be written: " + why;
    failed_.store(true, std::memory_order_release);
}

}  // namespace suan::runtime
