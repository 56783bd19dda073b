#include "bin/up/demo.hpp"

#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/invoice_views.hpp"
#include "bin/job_follow.hpp"
#include "bin/job_request.hpp"
#include "bin/job_views.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "bin/up/demo_work.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <thread>

namespace suan::bin {
namespace {

void heading(std::string_view text) {
    put(fmt::format("\n== {} {}\n", text,
                    std::string(74 - std::min<std::size_t>(70, text.size()), '=')));
}

std::string token_in(const std::filesystem::path& file) {
    std::string text = read_file(file, 1'000);
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
}

std::string indented(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out += fmt::format("    {}\n", printable(text.substr(0, end)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return out;
}

// One line that is written over where a person watches; now and then a line of its own elsewhere.
class ProgressLine {
public:
    void show(std::uint64_t done, std::uint64_t all, const std::string& text) {
        const std::uint64_t quarter = all == 0 ? 4 : done * 4 / all;
        if (terminal_)
            put(fmt::format("\r  {:<100}", text));
        else if (quarter != shown_)
            put(fmt::format("  {}\n", text));
        shown_ = quarter;
    }
    void end() const {
        if (terminal_) put("\n");
    }

private:
    bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
    std::uint64_t shown_ = 99;
};

}  // namespace

Demo::Demo(const DataFolder& folder, std::string url, DemoOptions options)
    : folder_(folder),
      url_(std::move(url)),
      options_(options),
      operator_(Session::open(url_, token_in(folder.operator_token()))),
      lin_(as("deepriver", "lin")) {}

Session Demo::as(const std::string& org, const std::string& member) const {
    return Session::open(url_, token_in(folder_.token(org, member)));
}

void Demo::show_centre() {
    heading("The centre");
    const auto stats = operator_.get<StatsView>("/v1/stats");
    charges_before_ = stats.seq();
    const auto orgs = operator_.all<OrgList>("/v1/orgs", 100, "orgs");
    const auto pools = operator_.all<PoolList>("/v1/pools", 100, "pools");
    Table pool_table({{"POOL"},
                      {"DEVICES OF"},
                      {"EXECUTOR"},
                      {"NODES", Align::right},
                      {"DEVICES", Align::right}});
    for (const PoolView& p : pools.pools())
        pool_table.row({p.name(), p.device_type(),
                        enum_text(ExecutorKind_descriptor(), p.executor()), count_text(p.nodes()),
                        devices_text(p.devices_milli())});
    Table org_table({{"ORG"},
                     {"TITLE"},
                     {"BALANCE CNY", Align::right},
                     {"VOUCHERS CNY", Align::right},
                     {"BUDGET LEFT CNY", Align::right},
                     {"SHARES"}});
    for (const OrgView& o : orgs.orgs()) {
        std::string shares;
        for (const ShareView& s : o.shares())
            shares += fmt::format("{}{} of {}", shares.empty() ? "" : ", ",
                                  devices_text(s.deserved_milli()), s.pool());
        org_table.row({o.name(), o.title(), yuan_text(o.balance_micro_yuan()),
                       yuan_text(o.vouchers_left_micro_yuan()),
                       o.has_budget() ? yuan_text(o.budget().left_micro_yuan()) : "-", shares});
    }
    put(pool_table.text("  ") + "\n" + org_table.text("  "));
}

JobAccepted Demo::accepted(Session& session, const JobRequest& job, std::string_view what) {
    const JobAccepted done = submit_job(session, job);
    const std::string ids =
        done.count() <= 1 ? fmt::format("job {}", done.id())
                          : fmt::format("jobs {} to {}", done.id(), done.id() + done.count() - 1);
    put(fmt::format("  {:<44} accepted as {}\n", what, ids));
    return done;
}

void Demo::refused(Session& session, const JobRequest& job, std::string_view what) {
    try {
        accepted(session, job, what);
    } catch (const Failed& failed) {
        put(fmt::format("  {:<44} refused (exit code {})\n      {}\n", what,
                        static_cast<int>(failed.code()), printable(failed.what())));
    }
}

void Demo::submit_virtual(const std::string& org, const std::string& member, std::uint32_t count,
                          std::uint32_t seed) {
    Session session = as(org, member);
    Virtual made{org, {}};
    JobBatchRequest batch;
    for (JobRequest& job : demo_virtual_jobs(count, seed))
        *batch.add_jobs() = std::move(job);
    const auto answer = session.send<JobBatchResponse>("POST", "/v1/jobs/batch", batch);
    for (const JobBatchResult& result : answer.results())
        if (result.has_accepted()) made.ids.push_back(result.accepted().id());
    put(fmt::format("  {:<44} {} accepted, {} refused\n",
                    fmt::format("{} virtual jobs of {} on 1000P", count_text(count), org),
                    answer.accepted(), answer.refused()));
    virtual_.push_back(std::move(made));
}

void Demo::submit() {
    heading("Work is submitted");
    const std::uint32_t third = options_.virtual_jobs / 3;
    submit_virtual("deepriver", "lin", options_.virtual_jobs - 2 * third, 1);
    submit_virtual("starfilm", "wang", third, 2);
    submit_virtual("qlab", "chen", third, 3);
    array_ = accepted(lin_, demo_array(), "array of 20, counts primes (cpu)");
    after_ = accepted(lin_, demo_after(array_.id(), array_.count()),
                      "a job that runs after the array (cpu)");
    gang_ = accepted(lin_, demo_gang(), "gang of 2 processes that talk (cpu)");
    failing_ = accepted(lin_, demo_failing(), "a job that will fail (cpu)");
    refused(lin_, demo_too_expensive(), "a job whose project's budget is too small");
    refused(lin_, demo_never_fits(), "a job of 4,000 devices");
    heading("Why some wait");
    explain("deepriver", lin_, after_.id());
    for (const Virtual& v : virtual_) {
        if (v.org != "starfilm" || v.ids.empty()) continue;
        Session wang = as("starfilm", "wang");
        explain(v.org, wang, v.ids.back());
    }
}

void Demo::explain(const std::string& who, Session& session, std::uint64_t id) {
    const auto why = session.get<WhyView>(fmt::format("/v1/jobs/{}/why", id));
    std::string text = why_text(why);
    // A job after 20 others has 20 lines; three show what they are.
    std::size_t at = 0;
    for (int line = 0; line < 4 && at != std::string::npos; ++line)
        at = text.find('\n', at + 1);
    if (at != std::string::npos && at + 1 < text.size())
        text = text.substr(0, at + 1) +
               fmt::format("  ... and {} more reasons of this kind\n", why.reasons_size() - 3);
    put(fmt::format("  {}$ suan job why {}\n{}", who, id, indented(text)));
}

void Demo::wait() {
    heading("It runs");
    ProgressLine line;
    std::uint64_t all = 0;
    const auto begin = std::chrono::steady_clock::now();
    while (true) {
        const auto stats = operator_.get<StatsView>("/v1/stats");
        const std::uint64_t left = stats.jobs_waiting() + stats.jobs_running();
        all = std::max(all, left);
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::steady_clock::now() - begin);
        line.show(all - left, all,
                  fmt::format("{:>3} s: {} ended, {} running, {} waiting, {} devices held",
                              seconds.count(), count_text(static_cast<std::int64_t>(all - left)),
                              count_text(static_cast<std::int64_t>(stats.jobs_running())),
                              count_text(static_cast<std::int64_t>(stats.jobs_waiting())),
                              devices_text(stats.held_milli())));
        if (left == 0) break;
        if (seconds > std::chrono::minutes(10))
            throw Failed(ExitCode::try_again,
                         fmt::format("{} jobs have not ended in 10 minutes", left),
                         "ask `suan job list --state waiting,running`");
        std::this_thread::sleep_for(std::chrono::milliseconds(250));
    }
    line.end();
}

void Demo::show_output(const std::string& title, std::uint64_t id, std::uint32_t tasks) {
    std::string text;
    for (std::uint32_t task = 0; task < tasks; ++task) {
        LogOptions log;
        log.job = id;
        log.task = task;
        read_output(lin_, log, [&](std::string_view piece) { text += piece; });
    }
    const JobView job = get_job(lin_, id);
    std::string end = enum_text(JobState_descriptor(), job.state());
    if (job.exit_code() != 0) end += fmt::format(", exit code {}", job.exit_code());
    put(fmt::format("  {} (job {}): {}\n{}", title, job_id_text(job), end, indented(text)));
}

void Demo::show_job_counts() {
    Table table({{"ORG"},
                 {"COMPLETED", Align::right},
                 {"FAILED", Align::right},
                 {"OTHER", Align::right},
                 {"DEVICE HOURS", Align::right},
                 {"CHARGED CNY", Align::right}});
    for (const Virtual& v : virtual_) {
        std::int64_t completed = 0, failed = 0, other = 0, device_ms = 0, charged = 0;
        const std::uint64_t first = v.ids.empty() ? 0 : v.ids.front();
        const auto list = operator_.all<JobList>(
            Query("/v1/jobs").add("org", v.org).add("pool", "1000P").text(), v.ids.size(), "jobs");
        for (const JobView& job : list.jobs()) {
            if (job.id() < first) continue;
            completed += job.state() == JOB_STATE_COMPLETED ? 1 : 0;
            failed += job.state() == JOB_STATE_FAILED ? 1 : 0;
            other += job.state() == JOB_STATE_COMPLETED || job.state() == JOB_STATE_FAILED ? 0 : 1;
            device_ms += job.milli_device_ms();
            charged += job.charged_micro_yuan();
        }
        table.row({v.org, count_text(completed), count_text(failed), count_text(other),
                   device_hours_text(device_ms), yuan_text(charged)});
    }
    put("  The virtual jobs on 1000P:\n" + table.text("    "));
}

void Demo::show_results() {
    heading("What ran, and what it said");
    show_output("the gang", gang_.id(), 2);
    show_output("the array's last element", array_.id() + array_.count() - 1, 1);
    show_output("the job after the array", after_.id(), 1);
    show_output("the failing job", failing_.id(), 1);
    show_job_counts();
    put("\n  The gang's lease: what was held, where, for how long, and what it cost:\n");
    LeaseList leases = lin_.get<LeaseList>(fmt::format("/v1/jobs/{}/leases", gang_.id()));
    std::string text = lease_list_text(leases);
    put(indented(text));
}

void Demo::show_money() {
    heading("Who pays");
    const auto vouchers = operator_.all<VoucherList>("/v1/vouchers", 100, "vouchers");
    for (const VoucherView& v : vouchers.vouchers())
        put(fmt::format("  Voucher {} of {} for {}: {} of {} CNY spent\n", v.id(), v.funder(),
                        v.org(), yuan_text(v.spent_micro_yuan()),
                        yuan_text(v.amount_micro_yuan())));
    const auto charges = operator_.get<ChargeList>(fmt::format("/v1/charges?job={}", gang_.id()));
    for (const ChargeView& c : charges.charges())
        for (const PaymentView& p : c.payments())
            put(fmt::format("  Job {} (the gang): {} CNY for {} device hours, paid from {}\n",
                            c.job_id(), yuan_text(p.micro_yuan()),
                            device_hours_text(c.milli_device_ms()), p.payer()));
    const auto ledger = operator_.all<LedgerAccountList>("/v1/ledger/accounts", 1'000, "accounts");
    put(fmt::format("  The books of all accounts add up to {} CNY.\n",
                    yuan_text(ledger.books_difference_micro_yuan())));
    for (const std::string org : {"deepriver", "qlab"}) {
        InvoiceRequest request;
        request.set_org(org);
        const auto closed = operator_.send<ChangeAccepted>("POST", "/v1/invoices", request);
        const auto invoice =
            operator_.get<InvoiceView>(fmt::format("/v1/invoices/{}", closed.id()));
        put("\n" + indented(invoice_text(invoice)));
        bill_files_.push_back(std::to_string(closed.id()));
    }
}

}  // namespace suan::bin
