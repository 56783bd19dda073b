#include "runtime/reports.hpp"

#include "base/bytes.hpp"
#include "base/limits.hpp"

#include <algorithm>

namespace suan::runtime {
namespace {

constexpr std::uint32_t permille_max = 1'000;

// At most limits::reason_bytes_max, cut between characters, without control characters: an
// executor's words must never make the core refuse the end of a lease.
std::string clean_message(std::string_view message) {
    if (!is_utf8(message)) return "(not UTF-8)";
    std::size_t size = std::min(message.size(), limits::reason_bytes_max);
    while (size < message.size() && size > 0 &&
           (static_cast<unsigned char>(message[size]) & 0xC0) == 0x80) {
        --size;
    }
    std::string out(message.substr(0, size));
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    return out;
}

LeaseReport progress_report(const exec::LeaseRef& ref, const exec::ProgressMark& mark) {
    LeaseReport report;
    report.set_lease_id(ref.lease.value);
    report.set_kind(LeaseReport::KIND_PROGRESS);
    report.set_progress_permille(std::min(mark.permille, permille_max));
    report.set_message(clean_message(mark.message));
    return report;
}

LeaseReport checkpoint_report(const exec::LeaseRef& ref) {
    LeaseReport report;
    report.set_lease_id(ref.lease.value);
    report.set_kind(LeaseReport::KIND_CHECKPOINTED);
    return report;
}

}  // namespace

LeaseOutcome outcome_of(exec::Outcome outcome) {
    switch (outcome) {
        case exec::Outcome::completed:
            return LEASE_OUTCOME_COMPLETED;
        case exec::Outcome::failed:
            return LEASE_OUTCOME_FAILED;
        case exec::Outcome::stopped:
            return LEASE_OUTCOME_CANCELLED;
        case exec::Outcome::timed_out:
            return LEASE_OUTCOME_TIMEOUT;
        case exec::Outcome::lost:
            return LEASE_OUTCOME_LOST;
        case exec::Outcome::launch_failed:
            return LEASE_OUTCOME_LAUNCH_FAILED;
    }
    return LEASE_OUTCOME_LOST;
}

LeaseReport ended_report(const exec::LeaseEnded& end) {
    LeaseReport report;
    report.set_lease_id(end.ref.lease.value);
    report.set_kind(LeaseReport::KIND_ENDED);
    report.set_outcome(outcome_of(end.outcome));
    report.set_exit_code(end.end.exit_code);
    report.set_signal(static_cast<std::uint32_t>(std::max(end.end.signal, 0)));
    report.set_message(clean_message(end.message));
    return report;
}

LeaseReport started_report(const exec::LeaseRef& ref) {
    LeaseReport report;
    report.set_lease_id(ref.lease.value);
    report.set_kind(LeaseReport::KIND_STARTED);
    return report;
}

std::vector<LeaseReport> ReportFilter::commands(const exec::Report& report) {
    const std::lock_guard lock(mutex_);
    add(metrics_.executor_reports);
    std::vector<LeaseReport> out;
    if (const auto* started = std::get_if<exec::Started>(&report)) {
        out.push_back(started_report(started->ref));
    } else if (const auto* progress = std::get_if<exec::Progress>(&report)) {
        add_progress(progress->ref, progress->mark, out);
    } else if (const auto* saved = std::get_if<exec::Checkpointed>(&report)) {
        add_checkpoint(saved->ref, out);
    } else if (const auto* end = std::get_if<exec::LeaseEnded>(&report)) {
        add_end(*end, out);
    }
    return out;
}

void ReportFilter::add_progress(const exec::LeaseRef& ref, const exec::ProgressMark& mark,
                                std::vector<LeaseReport>& out) {
    const Time now = clock_.now();
    Seen& seen = seen_[ref.lease];
    const bool fresh = !seen.marked;
    const bool due = fresh || now < seen.sent || now - seen.sent >= progress_interval_;
    if (!due || (!fresh && seen.permille == mark.permille)) {
        add(metrics_.progress_dropped);
        return;
    }
    seen.sent = now;
    seen.permille = mark.permille;
    seen.marked = true;
    out.push_back(progress_report(ref, mark));
}

// One that comes too soon after another is told when its lease ends: none that a stopped job saves
// at its last moment is forgotten.
void ReportFilter::add_checkpoint(const exec::LeaseRef& ref, std::vector<LeaseReport>& out) {
    const Time now = clock_.now();
    Seen& seen = seen_[ref.lease];
    const bool due = !seen.saves || now < seen.saved || now - seen.saved >= progress_interval_;
    seen.held_back = !due;
    if (!due) return add(metrics_.progress_dropped);
    seen.saved = now;
    seen.saves = true;
    out.push_back(checkpoint_report(ref));
}

// The last mark that was held back still counts: a failed job shows how far it came.
void ReportFilter::add_end(const exec::LeaseEnded& end, std::vector<LeaseReport>& out) {
    const auto seen = seen_.find(end.ref.lease);
    const std::uint32_t sent = seen == seen_.end() ? 0 : seen->second.permille;
    if (end.progress.has_value() && end.progress->permille != sent) {
        out.push_back(progress_report(end.ref, *end.progress));
    }
    if (seen != seen_.end() && seen->second.held_back) out.push_back(checkpoint_report(end.ref));
    if (seen != seen_.end()) seen_.erase(seen);
    out.push_back(ended_report(end));
}

}  // namespace suan::runtime
