#include "bin/job_views.hpp"

#include "bin/cli.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

std::string state_text(const JobView& job) {
    return enum_text(JobState_descriptor(), job.state());
}

// How it ended, for people: "exit 3", "signal 9", "".
std::string end_text(std::int32_t exit_code, std::uint32_t signal) {
    if (signal != 0) return fmt::format("signal {}", signal);
    return exit_code == 0 ? "" : fmt::format("exit {}", exit_code);
}

std::string remark(const JobView& job) {
    if (job.state() == JOB_STATE_RUNNING && job.progress_permille() > 0)
        return fmt::format("{}.{} %", job.progress_permille() / 10, job.progress_permille() % 10);
    const std::string end = has_ended(job.state()) ? end_text(job.exit_code(), job.signal()) : "";
    if (end.empty()) return job.reason();
    return job.reason().empty() ? end : fmt::format("{}, {}", end, job.reason());
}

std::string elapsed_text(const JobView& job, std::int64_t now_us) {
    if (job.started_us() == 0) return "-";
    const std::int64_t until = job.ended_us() != 0 ? job.ended_us() : now_us;
    return span_text((until - job.started_us()) / 1'000);
}

class FieldText {
public:
    void add(std::string_view name, const std::string& value) {
        if (value.empty() || value == "-") return;
        text_ += fmt::format("{:<13} {}\n", name, printable(value));
    }
    void section(std::string_view title, const std::string& table) {
        text_ += fmt::format("\n{}\n{}", title, table);
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string dependencies_text(const JobView& job) {
    std::string text;
    for (const DependencyView& d : job.dependencies())
        text += fmt::format("{}{} of {}{}", text.empty() ? "" : ", ",
                            enum_text(DependencyKind_descriptor(), d.kind()), d.job_id(),
                            d.met() ? " (met)" : "");
    return text;
}

std::string payments_text(const google::protobuf::RepeatedPtrField<PaymentView>& payments) {
    std::string text;
    for (const PaymentView& p : payments)
        text += fmt::format("{}{} CNY from {}", text.empty() ? "" : ", ", yuan_text(p.micro_yuan()),
                            p.payer());
    return text;
}

std::string slots_text(const LeaseView& lease) {
    std::string text;
    for (const SlotView& slot : lease.slots()) {
        std::string devices;
        for (const std::uint32_t d : slot.devices())
            devices += (devices.empty() ? "" : ",") + std::to_string(d);
        text += fmt::format("{}{}[{}]", text.empty() ? "" : " ", slot.node(), devices);
        if (text.size() > 120) return text + " ...";
    }
    return text;
}

}  // namespace

bool has_ended(JobState state) {
    return state >= JOB_STATE_COMPLETED;
}

std::string job_id_text(const JobView& job) {
    return job.array_id() == 0 ? std::to_string(job.id())
                               : fmt::format("{}_{}", job.array_id(), job.array_index());
}

std::string shape_text(const JobView& job) {
    const std::int64_t milli =
        std::int64_t{job.devices_per_task()} *
        (job.milli_per_device() == 0 ? 1'000 : std::int64_t{job.milli_per_device()});
    return fmt::format("{} x {}", job.tasks(), devices_text(milli));
}

std::string job_list_text(const JobList& list) {
    if (list.jobs().empty()) return "No jobs.\n";
    Table table({{"JOB"},
                 {"NAME"},
                 {"ORG/PROJECT"},
                 {"MEMBER"},
                 {"POOL"},
                 {"STATE"},
                 {"DEVICES", Align::right},
                 {"SUBMITTED"},
                 {"CHARGED CNY", Align::right},
                 {"REMARK"}});
    for (const JobView& job : list.jobs())
        table.row({job_id_text(job), job.name(), job.org() + "/" + job.project(), job.member(),
                   job.pool(), state_text(job), shape_text(job), time_text(job.submitted_us()),
                   yuan_text(job.charged_micro_yuan()), remark(job)});
    return table.text();
}

std::string lease_list_text(const LeaseList& list) {
    Table table({{"LEASE", Align::right},
                 {"ATTEMPT", Align::right},
                 {"STARTED"},
                 {"RAN FOR", Align::right},
                 {"OUTCOME"},
                 {"DEVICE HOURS", Align::right},
                 {"CHARGED CNY", Align::right},
                 {"WHERE"}});
    for (const LeaseView& lease : list.leases()) {
        std::string outcome = enum_text(LeaseOutcome_descriptor(), lease.outcome());
        if (lease.outcome() == 0) outcome = lease.running() ? "running" : "starting";
        const std::string end = end_text(lease.exit_code(), lease.signal());
        if (!end.empty()) outcome += ", " + end;
        table.row({std::to_string(lease.id()), std::to_string(lease.attempt()),
                   time_text(lease.started_us()),
                   lease.ended_us() == 0
                       ? "-"
                       : span_text((lease.ended_us() - lease.started_us()) / 1'000),
                   outcome, device_hours_text(lease.milli_device_ms()),
                   yuan_text(lease.charged_micro_yuan()), slots_text(lease)});
    }
    return table.text();
}

std::string why_text(const WhyView& why) {
    std::string text =
        fmt::format("Job {} is {}", why.id(), enum_text(JobState_descriptor(), why.state()));
    text += why.summary().empty() ? ".\n" : fmt::format(": {}\n", printable(why.summary()));
    for (const WaitReasonView& reason : why.reasons())
        text += fmt::format("  {:<24} {}\n", reason.code(), printable(reason.message()));
    if (why.reserved_start_us() != 0)
        text += fmt::format("  Its place is reserved: it starts by {} if wall times hold.\n",
                            time_text(why.reserved_start_us()));
    if (why.has_forecast() && why.forecast().start_p50_us() != 0)
        text += fmt::format("  Forecast: it starts {} to {}, half such jobs by {}.\n",
                            time_text(why.forecast().start_p10_us()),
                            time_text(why.forecast().start_p90_us()),
                            time_text(why.forecast().start_p50_us()));
    if (why.history_size() > 1) text += "  What it has waited for so far:\n";
    for (const WaitSpanView& span : why.history()) {
        if (why.history_size() == 1) break;
        text +=
            fmt::format("    {} for {}\n", span.code(),
                        span.to_us() == 0 ? std::string("now, since ") + time_text(span.from_us())
                                          : span_text((span.to_us() - span.from_us()) / 1'000));
    }
    if (!why.helps().empty()) text += "  What would help, the smallest change first:\n";
    for (const HelpView& help : why.helps())
        text += fmt::format("    {}{}: {}\n", printable(help.change()),
                            help.who() == "member" ? "" : fmt::format(" ({})", help.who()),
                            help.outcome());
    return text;
}

std::string spread_text(const SpreadView& spread) {
    const auto places = [](std::uint32_t nodes, std::uint32_t racks) {
        return fmt::format("{} node{} in {} rack{}", nodes, nodes == 1 ? "" : "s", racks,
                           racks == 1 ? "" : "s");
    };
    std::string text = places(spread.nodes(), spread.racks());
    if (spread.nodes() > spread.nodes_least() || spread.racks() > spread.racks_least())
        text += fmt::format("; at best {}", places(spread.nodes_least(), spread.racks_least()));
    return text;
}

std::string job_text(const JobView& job, std::int64_t now_us) {
    FieldText out;
    out.add("Job", fmt::format("{}  {}", job_id_text(job), job.name()));
    if (job.array_id() != 0) out.add("Id", std::to_string(job.id()));
    const std::string note = remark(job);
    out.add("State", state_text(job) + (note.empty() ? "" : "  (" + note + ")"));
    out.add("Whose", fmt::format("{}/{}, by {}", job.org(), job.project(), job.member()));
    out.add("Pool", fmt::format("{}, {}", job.pool(), enum_text(Tier_descriptor(), job.tier())));
    out.add("Devices", fmt::format("{} (tasks x devices each)", shape_text(job)));
    out.add("Wall time", span_text(job.walltime_ms()));
    out.add("Submitted", time_text(job.submitted_us()));
    out.add("Starts after", time_text(job.begin_us()));
    out.add("Started", time_text(job.started_us()));
    out.add("Ended", time_text(job.ended_us()));
    out.add("Ran for", elapsed_text(job, now_us));
    std::string nodes;
    for (const std::string& node : job.nodes())
        nodes += (nodes.empty() ? "" : ", ") + node;
    out.add("Nodes", nodes.size() > 200 ? nodes.substr(0, 200) + " ..." : nodes);
    if (job.has_spread() && job.nodes_size() > 1) out.add("Spread", spread_text(job.spread()));
    out.add("After", dependencies_text(job));
    if (job.attempts() > 1 || job.preemptions() > 0)
        out.add("Attempts",
                fmt::format("{}, preempted {} times", job.attempts(), job.preemptions()));
    out.add("Price", fmt::format("{} CNY a device hour (sheet {}, line {})",
                                 yuan_text(job.price_micro_yuan_per_device_hour()),
                                 job.price_sheet_id(), job.price_line()));
    if (job.bid_micro_yuan() != 0)
        out.add("Bid",
                fmt::format("{} CNY a device hour at most", yuan_text(job.bid_micro_yuan())));
    out.add("Charged",
            fmt::format("{} CNY for {} device hours", yuan_text(job.charged_micro_yuan()),
                        device_hours_text(job.milli_device_ms())));
    if (job.held_micro_yuan() != 0)
        out.add("Held", fmt::format("{} CNY{}{}", yuan_text(job.held_micro_yuan()),
                                    job.holds().empty() ? "" : ": ", payments_text(job.holds())));
    std::string text = out.text();
    if (!job.leases().empty()) {
        LeaseList leases;
        *leases.mutable_leases() = job.leases();
        text += "\n" + lease_list_text(leases);
    }
    for (const WaitReasonView& reason : job.reasons())
        text += fmt::format("\nWaits: {}  {}", reason.code(), printable(reason.message()));
    return job.reasons().empty() ? text : text + "\n";
}

}  // namespace suan::bin
