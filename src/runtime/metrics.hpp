// Counters and gauges of the runtime: written with relaxed atomics by its threads, read by any.
// The API renders them for Prometheus. Times are microseconds.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace suan::runtime {

using Counter = std::atomic<std::uint64_t>;

inline void add(Counter& counter, std::uint64_t n = 1) {
    counter.fetch_add(n, std::memory_order_relaxed);
}

// Counts of values up to 2^i microseconds, i = 0..buckets-2, the last one being without bound.
class Histogram {
public:
    static constexpr std::size_t buckets = 26;  // the last bound is 16.8 s

    void record(std::uint64_t us);
    void record_many(std::uint64_t us, std::uint64_t count);
    // Upper bound of bucket i, in microseconds; the last has none.
    static constexpr std::uint64_t bound_us(std::size_t i) { return std::uint64_t{1} << i; }
    std::uint64_t count_in(std::size_t i) const {
        return counts_[i].load(std::memory_order_relaxed);
    }
    std::uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }
    std::uint64_t count() const;

private:
    std::array<Counter, buckets> counts_{};
    Counter sum_us_{0};
};

struct Metrics {
    // Requests by their answer.
    Counter accepted{0};
    Counter rejected{0};
    Counter already_done{0};
    Counter unauthenticated{0};
    Counter unavailable{0};
    Counter queries{0};

    // The log.
    Counter entries{0};  // durable since start
    Counter entry_bytes{0};
    Counter commits{0};
    Counter blocks{0};
    Counter snapshots{0};
    Counter checkpoints{0};    // of the write-ahead file
    Counter last_seq{0};       // gauge
    Counter last_block{0};     // gauge
    Counter last_block_us{0};  // gauge: its time

    // Queues, gauges.
    Counter requests_queued{0};  // not yet decided
    Counter batches_queued{0};   // decided, not yet durable
    Counter subscriptions{0};

    // The state, gauges, as of the last batch.
    Counter jobs{0};
    Counter leases{0};
    Counter state_time_us{0};

    // The world.
    Counter ticks{0};
    Counter clock_steps_back{0};
    Counter executor_starts{0};
    Counter executor_stops{0};
    Counter executor_reports{0};
    Counter progress_dropped{0};  // reports above the rate limit
    Counter payloads_missing{0};  // jobs whose payload could not be read

    // Since start, microseconds.
    Histogram request_us;  // from submit to the durable answer
    Histogram decide_us;   // one batch: step and serialise
    Histogram commit_us;   // one group commit
    Histogram snapshot_us;
};

}  // namespace suan::runtime
