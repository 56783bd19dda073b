// What the aggregates share inside a step: emitting events, and refusing.
// Internal to src/core.
#pragma once

#include "core/rejection.hpp"
#include "core/state.hpp"
#include "suan/log.pb.h"

#include <optional>
#include <string>
#include <utility>

namespace suan::core {

// Empty: accepted (or nothing to do).
using Verdict = std::optional<Rejection>;

// Makes the entry the current one: its number and time. Before its first event is applied.
void begin_entry(State& state, const Entry& entry);
// Total: an event that does not fit the state is a bug, and asserted.
void apply_event(State& state, const Entry& entry, const Event& event);

// One command on its way through decide. Rules come first and leave the state alone; after the
// first emit the command is accepted.
class Step {
public:
    Step(State& state, Entry& entry) : state_(state), entry_(entry) {}

    const State& state() const { return state_; }
    const Entry& entry() const { return entry_; }
    const Actor& actor() const { return entry_.actor(); }
    Time now() const { return Time{entry_.time_us()}; }
    bool emitted() const { return entry_.events_size() > 0; }

    // Adds an event, lets `fill` complete it, and applies it.
    template <typename Fill>
    void emit(Fill fill) {
        if (!emitted()) {
            entry_.set_seq(state_.seq + 1);
            begin_entry(state_, entry_);
        }
        Event& event = *entry_.add_events();
        fill(event);
        apply_event(state_, entry_, event);
    }

    // For questions of the scheduler and the timers, whose caches change without the state
    // changing.
    State& mutable_state() { return state_; }

private:
    State& state_;
    Entry& entry_;
};

inline Rejection reject(RejectionCode code, std::string field, std::string message) {
    return Rejection{code, std::move(field), std::move(message)};
}

// Who may do what.
bool is_system(const Actor& actor);                // ticks, reports, the simulator
bool is_operator(const Actor& actor);              // or the system
bool is_admin_of(const Actor& actor, OrgId org);   // or an operator
bool is_member_of(const Actor& actor, OrgId org);  // or an admin, or an operator

// A name: 1..limits::name_bytes_max bytes of letters, digits, '.', '_' and '-', not beginning with
// '-' or '.'.
Verdict check_name(const std::string& name, const char* field);
// Free text: at most `bytes_max` bytes of UTF-8 without control characters.
Verdict check_text(const std::string& text, std::size_t bytes_max, const char* field);
// 1..limits::money_max.
Verdict check_amount(std::int64_t micro_yuan, const char* field);

// "1,234.50 yuan": micro-yuan as a person reads them, without rounding.
std::string yuan_text(Money money);

sched::Tier sched_tier(Tier tier);
Tier proto_tier(sched::Tier tier);
sched::Placement placement_from(const google::protobuf::RepeatedPtrField<Slot>& slots,
                                std::uint32_t milli);
void placement_to(const sched::Placement& placement,
                  google::protobuf::RepeatedPtrField<Slot>* slots);

}  // namespace suan::core
