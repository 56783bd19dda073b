// `suan share`, `budget`, `voucher`, `fund`, `correction`, `books`, `charge`.
#include "bin/cli.hpp"
#include "bin/invoice_views.hpp"
#include "bin/job_request.hpp"
#include "bin/price.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

constexpr std::size_t everything = 1'000'000;

struct MoneyOptions {
    std::string org, project, pool, amount, note, funder, contract, expires, job_cap, deserved,
        limit;
    std::string job;
    std::vector<std::string> pools;
    std::uint32_t weight = 1, id = 0;
    std::uint64_t refers_to = 0;
    std::size_t rows = 1'000;
    bool remove = false;
};

std::int64_t yuan_option(const std::string& option, const std::string& text) {
    auto amount = parse_yuan(text);
    if (!amount) throw Failed(ExitCode::usage, option + ": " + amount.error().context);
    return *amount;
}

// "8" or "0.5" devices in milli-devices.
std::int64_t devices_option(const std::string& option, const std::string& text) {
    const std::int64_t micro = yuan_option(option, text);
    if (micro < 0 || micro % 1'000 != 0)
        throw Failed(
            ExitCode::usage,
            fmt::format("{}: \"{}\" is not a number of devices; write 8 or 0.5", option, text));
    return micro / 1'000;
}

Time time_option(const std::string& option, const std::string& text) {
    auto time = parse_time(text, Time{now_us()});
    if (!time) throw Failed(ExitCode::usage, option + ": " + time.error().context);
    return *time;
}

ExitCode list_shares(Cli& cli, MoneyOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<ShareList>(
        Query("/v1/shares").add("org", o.org).add("pool", o.pool).text(), everything, "shares");
    Table table({{"ORG"},
                 {"POOL"},
                 {"DESERVED", Align::right},
                 {"WEIGHT", Align::right},
                 {"LIMIT", Align::right},
                 {"HELD NOW", Align::right},
                 {"JOBS WAITING", Align::right}});
    for (const ShareView& s : list.shares())
        table.row({s.org(), s.pool(), devices_text(s.deserved_milli()), std::to_string(s.weight()),
                   s.limit_milli() == 0 ? "none" : devices_text(s.limit_milli()),
                   devices_text(s.held_milli()), count_text(s.waiting_jobs())});
    put_result(cli, list, list.shares().empty() ? "No shares.\n" : table.text());
    return ExitCode::ok;
}

ExitCode set_share(Cli& cli, MoneyOptions& o) {
    ShareRequest request;
    request.set_org(o.org);
    request.set_pool(o.pool);
    request.set_deserved_milli(devices_option("--deserved", o.deserved));
    request.set_weight(o.weight);
    if (!o.limit.empty()) request.set_limit_milli(devices_option("--limit", o.limit));
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("PUT", "/v1/shares", request);
    put_result(cli, done,
               fmt::format("{} deserves {} devices of {}.\n", o.org, o.deserved, o.pool));
    return ExitCode::ok;
}

ExitCode list_budgets(Cli& cli, MoneyOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<BudgetList>(Query("/v1/budgets").add("org", o.org).text(),
                                              everything, "budgets");
    Table table({{"ORG"},
                 {"PROJECT"},
                 {"GRANTED CNY", Align::right},
                 {"CHARGED CNY", Align::right},
                 {"HELD CNY", Align::right},
                 {"LEFT CNY", Align::right}});
    for (const BudgetView& b : list.budgets())
        table.row({b.org(), b.project_id() == 0 ? "(all)" : b.project(),
                   yuan_text(b.granted_micro_yuan()), yuan_text(b.charged_micro_yuan()),
                   yuan_text(b.held_micro_yuan()), yuan_text(b.left_micro_yuan())});
    put_result(cli, list, list.budgets().empty() ? "No budgets.\n" : table.text());
    return ExitCode::ok;
}

ExitCode set_budget(Cli& cli, MoneyOptions& o) {
    BudgetRequest request;
    request.set_org(o.org);
    request.set_project(o.project);
    request.set_remove(o.remove);
    if (o.remove == !o.amount.empty())
        throw Failed(ExitCode::usage, "give an amount in yuan, or --remove");
    if (!o.remove) request.set_micro_yuan(yuan_option("amount", o.amount));
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("PUT", "/v1/budgets", request);
    put_result(cli, done,
               o.remove
                   ? "Budget removed.\n"
                   : fmt::format("{} CNY may still be spent.\n", yuan_text(request.micro_yuan())));
    return ExitCode::ok;
}

ExitCode list_vouchers(Cli& cli, MoneyOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<VoucherList>(Query("/v1/vouchers").add("org", o.org).text(),
                                               everything, "vouchers");
    Table table({{"ID", Align::right},
                 {"ORG"},
                 {"FUNDER"},
                 {"CONTRACT"},
                 {"AMOUNT CNY", Align::right},
                 {"SPENT CNY", Align::right},
                 {"HELD CNY", Align::right},
                 {"LEFT CNY", Align::right},
                 {"EXPIRES"},
                 {"POOLS"}});
    for (const VoucherView& v : list.vouchers()) {
        std::string pools;
        for (const std::string& pool : v.pools())
            pools += (pools.empty() ? "" : ",") + pool;
        table.row({std::to_string(v.id()), v.org(), v.funder(), v.contract(),
                   yuan_text(v.amount_micro_yuan()), yuan_text(v.spent_micro_yuan()),
                   yuan_text(v.held_micro_yuan()), yuan_text(v.left_micro_yuan()),
                   time_text(v.expires_us()) + (v.expired() ? " (expired)" : ""),
                   pools.empty() ? "any" : pools});
    }
    put_result(cli, list, list.vouchers().empty() ? "No vouchers.\n" : table.text());
    return ExitCode::ok;
}

ExitCode show_voucher(Cli& cli, MoneyOptions& o) {
    const auto v = Session::open(cli.hub).get<VoucherView>(fmt::format("/v1/vouchers/{}", o.id));
    std::string pools;
    for (const std::string& pool : v.pools())
        pools += (pools.empty() ? "" : ", ") + pool;
    std::string text =
        fmt::format("Voucher {} of {} CNY for {}\n\nFunder    {}\n", v.id(),
                    yuan_text(v.amount_micro_yuan()), v.org(), printable(v.funder()));
    if (!v.contract().empty()) text += fmt::format("Contract  {}\n", printable(v.contract()));
    text +=
        fmt::format("Expires   {}{}\n", time_text(v.expires_us()), v.expired() ? " (expired)" : "");
    text += fmt::format("Pays      compute in {}", pools.empty() ? "any pool" : pools);
    if (v.job_cap_micro_yuan() != 0)
        text += fmt::format(", at most {} CNY a job", yuan_text(v.job_cap_micro_yuan()));
    text += fmt::format("\nLeft      {} CNY ({} spent, {} held)\n\nRules\n{}",
                        yuan_text(v.left_micro_yuan()), yuan_text(v.spent_micro_yuan()),
                        yuan_text(v.held_micro_yuan()), v.rules());
    put_result(cli, v, text);
    return ExitCode::ok;
}

ExitCode issue_voucher(Cli& cli, MoneyOptions& o) {
    VoucherRequest request;
    request.set_org(o.org);
    request.set_funder(o.funder);
    request.set_micro_yuan(yuan_option("amount", o.amount));
    request.set_expires_us(time_option("--expires", o.expires).us);
    for (const std::string& pool : o.pools)
        request.add_pools(pool);
    if (!o.job_cap.empty()) request.set_job_cap_micro_yuan(yuan_option("--job-cap", o.job_cap));
    request.set_contract(o.contract);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/vouchers", request);
    put_result(cli, done,
               fmt::format("Voucher {} of {} CNY issued to {}.\n", done.id(),
                           yuan_text(request.micro_yuan()), o.org));
    return ExitCode::ok;
}

ExitCode fund_org(Cli& cli, MoneyOptions& o) {
    FundRequest request;
    request.set_org(o.org);
    request.set_micro_yuan(yuan_option("amount", o.amount));
    request.set_note(o.note);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/funds", request);
    put_result(cli, done,
               fmt::format("{} CNY paid in for {}.\n", yuan_text(request.micro_yuan()), o.org));
    return ExitCode::ok;
}

ExitCode correct(Cli& cli, MoneyOptions& o) {
    CorrectionRequest request;
    request.set_org(o.org);
    request.set_micro_yuan(yuan_option("amount", o.amount));
    request.set_reason(o.note);
    request.set_refers_to_seq(o.refers_to);
    const auto done =
        Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/corrections", request);
    put_result(cli, done,
               fmt::format("{} CNY given back to {}.\n", yuan_text(request.micro_yuan()), o.org));
    return ExitCode::ok;
}

ExitCode list_charges(Cli& cli, MoneyOptions& o) {
    Session session = Session::open(cli.hub);
    Query query("/v1/charges");
    query.add("org", o.org).add("job", o.job);
    const auto list = session.all<ChargeList>(query.text(), o.rows, "charges");
    Table table({{"ENTRY", Align::right},
                 {"ORG/PROJECT"},
                 {"JOB", Align::right},
                 {"LEASE", Align::right},
                 {"POOL, LEDGER"},
                 {"TIER, SERVICE"},
                 {"FROM"},
                 {"LASTED"},
                 {"USED", Align::right},
                 {"CNY", Align::right},
                 {"PAID FROM"}});
    for (const ChargeView& c : list.charges()) {
        std::string payers;
        for (const PaymentView& p : c.payments())
            payers += (payers.empty() ? "" : ", ") + p.payer();
        const bool of_job = c.service() == SERVICE_UNSPECIFIED;
        table.row({std::to_string(c.seq()), of_job ? c.org() + "/" + c.project() : c.org(),
                   of_job ? std::to_string(c.job_id()) : "",
                   of_job ? std::to_string(c.lease_id()) : "", of_job ? c.pool() : c.ledger(),
                   tier_or_service(c.tier(), c.service()), time_text(c.from_us()),
                   span_text((c.to_us() - c.from_us()) / 1'000),
                   used_text(c.service(), c.milli_device_ms(), c.quantity()),
                   yuan_text(c.micro_yuan()), payers});
    }
    put_result(cli, list, list.charges().empty() ? "No charges.\n" : table.text());
    return ExitCode::ok;
}

ExitCode show_books(Cli& cli, MoneyOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<LedgerAccountList>(
        Query("/v1/ledger/accounts").add("org", o.org).text(), everything, "accounts");
    Table table({{"ACCOUNT"},
                 {"ORG"},
                 {"DEBITS CNY", Align::right},
                 {"CREDITS CNY", Align::right},
                 {"HELD CNY", Align::right},
                 {"BALANCE CNY", Align::right},
                 {"KIND"}});
    for (const LedgerAccountView& a : list.accounts())
        table.row({a.name(), a.org(), yuan_text(a.debits_posted_micro_yuan()),
                   yuan_text(a.credits_posted_micro_yuan()),
                   yuan_text(a.debits_pending_micro_yuan()), yuan_text(a.balance_micro_yuan()),
                   a.counts_only() ? "limit" : "money"});
    put_result(cli, list,
               table.text() + fmt::format("Books add up to {} CNY.\n",
                                          yuan_text(list.books_difference_micro_yuan())));
    return ExitCode::ok;
}

ExitCode show_journal(Cli& cli, MoneyOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<JournalList>(Query("/v1/ledger/journal").add("org", o.org).text(),
                                               o.rows, "rows");
    Table table({{"ENTRY", Align::right},
                 {"TIME"},
                 {"ORG"},
                 {"KIND"},
                 {"DEBIT"},
                 {"CREDIT"},
                 {"CNY", Align::right},
                 {"JOB", Align::right},
                 {"NOTE"}});
    for (const JournalRowView& r : list.rows())
        table.row({std::to_string(r.seq()), time_text(r.time_us()), r.org(), r.kind(), r.debit(),
                   r.credit(), yuan_text(r.micro_yuan()),
                   r.job_id() == 0 ? "" : std::to_string(r.job_id()), r.note()});
    put_result(cli, list, table.text());
    return ExitCode::ok;
}

using Options = std::shared_ptr<MoneyOptions>;

void add_shares_and_budgets(Cli& cli, Options o) {
    CLI::App& share = add_noun(cli, "share", "What an org is entitled to in a pool");
    CLI::App& shares = add_verb(cli, share, "list", "Shares and their use now", o, list_shares);
    shares.add_option("--org", o->org, "of one org");
    shares.add_option("--pool", o->pool, "in one pool");
    CLI::App& set = add_verb(cli, share, "set", "Set an org's share", o, set_share);
    set.add_option("--org", o->org, "org")->required();
    set.add_option("--pool", o->pool, "pool")->required();
    set.add_option("--deserved", o->deserved, "devices it may always get back")->required();
    set.add_option("--weight", o->weight, "among borrowers (default 1)");
    set.add_option("--limit", o->limit, "devices at most; none when left out");
    CLI::App& budget = add_noun(cli, "budget", "How much may still be spent");
    add_verb(cli, budget, "list", "Budgets", o, list_budgets)
        .add_option("--org", o->org, "of one org");
    CLI::App& change = add_verb(cli, budget, "set", "Set or remove a budget", o, set_budget);
    change.add_option("amount", o->amount, "yuan that may be held and charged from now on");
    change.add_option("--org", o->org, "org; an admin's own when left out");
    change.add_option("--project", o->project, "of one project");
    change.add_flag("--remove", o->remove, "no budget any more");
}

void add_vouchers_and_funds(Cli& cli, Options o) {
    CLI::App& voucher = add_noun(cli, "voucher", "Money with strings");
    add_verb(cli, voucher, "list", "Vouchers", o, list_vouchers)
        .add_option("--org", o->org, "of one org");
    add_verb(cli, voucher, "show", "One voucher, with its rules as a contract of transfers", o,
             show_voucher)
        .add_option("id", o->id, "its number")
        ->required();
    CLI::App& issue = add_verb(cli, voucher, "issue", "Give an org a voucher", o, issue_voucher);
    issue.add_option("amount", o->amount, "yuan")->required();
    issue.add_option("--org", o->org, "org")->required();
    issue.add_option("--funder", o->funder, "who pays")->required();
    issue.add_option("--expires", o->expires, "until when, e.g. 2027-01-01")->required();
    issue.add_option("--pool", o->pools, "only in this pool (again for more)");
    issue.add_option("--job-cap", o->job_cap, "yuan at most for one job");
    issue.add_option("--contract", o->contract, "contract number");
    CLI::App& fund = add_noun(cli, "fund", "An org's own money");
    CLI::App& add = add_verb(cli, fund, "add", "Note money that an org has paid in", o, fund_org);
    add.add_option("amount", o->amount, "yuan")->required();
    add.add_option("--org", o->org, "org")->required();
    add.add_option("--note", o->note, "e.g. the bank's reference");
    CLI::App& correction =
        add_verb(cli, fund, "correct", "Give money back, or take it", o, correct);
    correction.add_option("amount", o->amount, "yuan; negative takes")->required();
    correction.add_option("--org", o->org, "org")->required();
    correction.add_option("--reason", o->note, "why")->required();
    correction.add_option("--entry", o->refers_to, "entry of the log that it is about");
}

}  // namespace

void add_money_commands(Cli& cli) {
    auto o = std::make_shared<MoneyOptions>();
    add_shares_and_budgets(cli, o);
    add_vouchers_and_funds(cli, o);
    add_price_commands(cli);
    CLI::App& books = add_noun(cli, "books", "The centre's own books");
    add_verb(cli, books, "show", "Accounts and their balances", o, show_books)
        .add_option("--org", o->org, "of one org");
    CLI::App& journal = add_verb(cli, books, "journal", "Every movement of money", o, show_journal);
    journal.add_option("--org", o->org, "of one org");
    journal.add_option("--limit", o->rows, "at most so many (default 1000)");
    CLI::App& charge = add_noun(cli, "charge", "What jobs were charged");
    CLI::App& charges = add_verb(cli, charge, "list", "Charges, oldest first", o, list_charges);
    charges.add_option("--org", o->org, "of one org");
    charges.add_option("--job", o->job, "of one job");
    charges.add_option("--limit", o->rows, "at most so many (default 1000)");
}

}  // namespace suan::bin
