// The hub in one thread: the runtime's loop (stamp, step, append a group, then effects and answers)
// over a disk that keeps what was appended. It can be killed at each of its seams and recovers as
// the runtime does. Internal to src/sim/fault.
#pragma once

#include "core/transition.hpp"
#include "sim/audit/auditor.hpp"
#include "sim/fault/machines.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace suan::sim {

// What survives a kill: entries as bytes, and snapshots with the digest that they claim.
struct Disk {
    std::vector<std::string> entries;
    struct Snapshot {
        std::uint64_t seq = 0;
        std::string bytes;
        Hash256 digest{};
    };
    std::optional<Snapshot> snapshot;
};

class SimHub {
public:
    struct Parts {
        Rng& rng;
        Faults& faults;
        Machines& machines;
        Auditor& auditor;
    };
    explicit SimHub(Parts parts) : parts_(parts) {}

    // The machine's clock, as the hub reads it.
    void set_clock(Time now) { clock_ = now; }
    Time stamp() const { return std::max(clock_, state_.now); }
    Time machine_time{};  // of the machines, which no clock fault touches

    const core::State& state() const { return state_; }
    core::State& state() { return state_; }
    const Disk& disk() const { return disk_; }

    // Decides; the answer comes with the next commit.
    void submit(std::uint64_t request, const Actor& actor, const Command& command);
    void report(LeaseReport report);
    // Ticks while there is something to do, at most 8 times.
    void pass();
    // Appends what was decided, then effects and answers; or dies on the way, as the faults say.
    // Dead: call recover.
    enum class End : std::uint8_t { committed, dead };
    End commit();
    // From the snapshot when there is one and the seed says so, else from the beginning.
    void recover();
    void take_snapshot();

    // Empty: nothing that the hub itself must hold is broken.
    const std::string& broken() const { return broken_; }
    std::uint64_t events() const { return events_; }
    std::uint64_t refused() const { return refused_; }

private:
    struct Answer {
        std::uint64_t request = 0;
        std::uint64_t seq = 0;
        core::Outcome outcome;
    };
    struct Order {
        std::uint64_t lease = 0;
        StopReason stop = STOP_REASON_UNSPECIFIED;  // unspecified: start
    };
    core::Outcome step(Entry& entry);
    bool tick();
    void keep(const std::vector<Entry>& entries);
    void carry_out(const std::vector<Order>& orders);
    void answer(const std::vector<Answer>& answers);
    void die(std::size_t kept);
    void adopt();
    core::State recovered_from_beginning() const;
    void fail(std::string what) {
        if (broken_.empty()) broken_ = std::move(what);
    }

    Parts parts_;
    core::State state_;
    Time clock_;
    Disk disk_;
    std::vector<Entry> pending_;
    std::vector<Order> orders_;
    std::vector<Answer> answers_;
    std::uint64_t events_ = 0;
    std::uint64_t refused_ = 0;
    std::string broken_;
};

}  // namespace suan::sim
