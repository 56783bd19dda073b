// What entries mean to people and to live updates: whom each event concerns, and the rows of the
// history. It follows the state entry by entry and remembers of running leases what the state
// forgets when they end. One thread at a time.
#pragma once

#include "core/state.hpp"
#include "runtime/history.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <map>
#include <variant>
#include <vector>

namespace suan::runtime {

using HistoryRow = std::variant<JobRow, LeaseRow, ChargeRow, InvoiceRow, JournalRow, WaitRow>;

// The number of an event's row: grows with the log, and tells the entry.
inline constexpr unsigned row_number_shift = 20;
constexpr std::uint64_t row_number(std::uint64_t seq, std::uint32_t event) {
    return (seq << row_number_shift) | event;
}

class Projector {
public:
    // Forgets everything and starts from `state`.
    void restore(const core::State& state);

    // After `entry` became part of `state`. Appends to `rows`; returns the orgs of the events.
    std::vector<OrgId> observe(const core::State& state, const Entry& entry,
                               std::vector<HistoryRow>& rows);

private:
    struct LiveLease {
        LeaseRow row;
        Time charged_to;
    };

    OrgId org_of_job(const core::State& state, std::uint64_t job) const;
    OrgId org_of_lease(std::uint64_t lease) const;
    OrgId org_of_event(const core::State& state, const Entry& entry, const Event& event) const;
    void add_charge_row(const core::State& state, const Entry& entry, std::uint32_t index,
                        const LeaseCharged& event, std::vector<HistoryRow>& rows);
    void add_rows(const core::State& state, const Entry& entry, std::uint32_t index,
                  const Event& event, OrgId org, std::vector<HistoryRow>& rows);
    void follow(const Entry& entry, const Event& event, OrgId org);

    std::map<std::uint64_t, LiveLease> live_;
    std::vector<std::uint64_t> ended_;  // in this entry
};

}  // namespace suan::runtime
