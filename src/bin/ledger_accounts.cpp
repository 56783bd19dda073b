// `suan ledger account`, `balance`, `history`.
#include "bin/job_request.hpp"
#include "bin/ledger_options.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

std::string account_path(Session& session, const TenantLedgerOptions& o, const std::string& rest) {
    return ledger_path(session, o, fmt::format("/accounts/{}{}", percent_encoded(o.account), rest));
}

std::string count(std::uint64_t n) {
    return n > INT64_MAX ? std::to_string(n) : count_text(static_cast<std::int64_t>(n));
}

// "1,200 debits, 0 credits, ...": of an account or a time.
template <typename Balances>
std::vector<std::string> balances(const Balances& b) {
    return {count(b.debits_posted()), count(b.credits_posted()), count(b.debits_pending()),
            count(b.credits_pending())};
}

ExitCode open_account(Cli& cli, TenantLedgerOptions& o) {
    AccountsRequest request;
    AccountRequest& account = *request.add_accounts();
    account.set_id(o.account);
    account.set_unit(o.unit);
    account.set_code(o.code);
    account.set_debits_must_not_exceed_credits(o.no_overdraft);
    account.set_credits_must_not_exceed_debits(o.no_overfill);
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<AccountsAnswer>("POST", ledger_path(session, o, "/accounts"), request);
    const ItemResult& result = done.results(0);
    const bool is_there = result.code() == "created" || result.code() == "exists";
    if (!is_there) {
        if (cli.json) put_json(done);
        throw Failed(ExitCode::refused, fmt::format("{}: {}", result.code(), result.message()));
    }
    put_result(cli, done,
               fmt::format("Account {} {}.\n", result.id(),
                           result.code() == "created" ? "is open" : "was open already"));
    return ExitCode::ok;
}

std::string rules_text(const AccountView& a) {
    std::string out;
    const auto say = [&](bool is_so, const std::string& what) {
        if (is_so) out += (out.empty() ? "" : ", ") + what;
    };
    say(a.closed(), "closed");
    say(a.debits_must_not_exceed_credits(), "no overdraft");
    say(a.credits_must_not_exceed_debits(), "no overfill");
    for (const std::uint32_t key : a.keys())
        say(true, fmt::format("key {}", key));
    say(a.contract() != 0, fmt::format("contract {}", a.contract()));
    return out;
}

ExitCode list_accounts(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list =
        session.all<AccountList>(ledger_path(session, o, "/accounts"), o.limit, "accounts");
    Table table({{"ACCOUNT"},
                 {"UNIT", Align::right},
                 {"CODE", Align::right},
                 {"DEBITS", Align::right},
                 {"CREDITS", Align::right},
                 {"DEBITS HELD", Align::right},
                 {"CREDITS HELD", Align::right},
                 {"RULES"}});
    for (const AccountView& a : list.accounts()) {
        std::vector<std::string> row{a.id(), std::to_string(a.unit()), std::to_string(a.code())};
        for (std::string& text : balances(a))
            row.push_back(std::move(text));
        row.push_back(rules_text(a));
        table.row(std::move(row));
    }
    put_result(cli, list, list.accounts().empty() ? "No accounts.\n" : table.text());
    return ExitCode::ok;
}

ExitCode show_account(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto a = session.get<AccountView>(account_path(session, o, ""));
    const auto b = balances(a);
    put_result(cli, a,
               fmt::format("Account  {}, unit {}, code {}, opened {}\nDebits   {} posted, {} held\n"
                           "Credits  {} posted, {} held\nRules    {}\n",
                           a.id(), a.unit(), a.code(), time_text(a.opened_us()), b[0], b[2], b[1],
                           b[3], rules_text(a).empty() ? "none" : rules_text(a)));
    return ExitCode::ok;
}

ExitCode set_gate(Cli& cli, TenantLedgerOptions& o, const char* verb) {
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<LedgerChanged>("POST", account_path(session, o, verb), LedgerChanged());
    put_result(cli, done, done.already_done() ? "It was so already.\n" : "Done.\n");
    return ExitCode::ok;
}
ExitCode close_account(Cli& cli, TenantLedgerOptions& o) {
    return set_gate(cli, o, "/close");
}
ExitCode reopen_account(Cli& cli, TenantLedgerOptions& o) {
    return set_gate(cli, o, "/reopen");
}

ExitCode grant_key(Cli& cli, TenantLedgerOptions& o) {
    GrantRequest request;
    request.set_key(o.number);
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<LedgerChanged>("POST", account_path(session, o, "/keys"), request);
    put_result(cli, done, fmt::format("Key {} must sign for account {}.\n", o.number, o.account));
    return ExitCode::ok;
}

ExitCode revoke_key(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto done = session.send<LedgerChanged>(
        "DELETE", account_path(session, o, fmt::format("/keys/{}", o.number)), LedgerChanged());
    put_result(cli, done,
               fmt::format("Key {} signs for account {} no more.\n", o.number, o.account));
    return ExitCode::ok;
}

ExitCode attach_contract(Cli& cli, TenantLedgerOptions& o) {
    AttachRequest request;
    request.set_contract(o.number);
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<LedgerChanged>("PUT", account_path(session, o, "/contract"), request);
    put_result(cli, done,
               o.number == 0
                   ? fmt::format("Account {} is under no contract.\n", o.account)
                   : fmt::format("Account {} is under contract {}.\n", o.account, o.number));
    return ExitCode::ok;
}

ExitCode show_balance(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    std::string at;
    if (!o.at.empty()) {
        auto time = parse_time(o.at, Time{now_us()});
        if (!time) throw Failed(ExitCode::usage, "--at: " + time.error().context);
        at = std::to_string(time->us);
    }
    const auto path = Query(account_path(session, o, "/balance")).add("at_us", at).text();
    const auto b = session.get<BalanceView>(path);
    const auto texts = balances(b);
    put_result(cli, b,
               fmt::format("Debits   {} posted, {} held\nCredits  {} posted, {} held\n", texts[0],
                           texts[2], texts[1], texts[3]));
    return ExitCode::ok;
}

std::string held_text(const AccountChangeView& change) {
    if (change.released() != 0) return "-" + count(change.released());
    return change.held() == 0 ? "" : "+" + count(change.held());
}

ExitCode show_history(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto path =
        Query(account_path(session, o, "/history")).add("newest", o.newest ? "true" : "").text();
    const auto list = session.all<AccountHistory>(path, o.limit, "changes");
    Table table({{"TIME"},
                 {"BLOCK", Align::right},
                 {"WHAT"},
                 {"TRANSFER"},
                 {"MOVED", Align::right},
                 {"HELD", Align::right},
                 {"DEBITS", Align::right},
                 {"CREDITS", Align::right}});
    for (const AccountChangeView& c : list.changes())
        table.row({time_text(c.time_us()), std::to_string(c.block()), c.cause() + " " + c.side(),
                   c.transfer().id(), count(c.posted()), held_text(c), count(c.debits_posted()),
                   count(c.credits_posted())});
    put_result(cli, list, list.changes().empty() ? "No changes.\n" : table.text());
    return ExitCode::ok;
}

}  // namespace

void add_ledger_account_commands(Cli& cli, CLI::App& noun, const LedgerOptionsPtr& o) {
    CLI::App& account = *noun.add_subcommand("account", "Accounts of a ledger");
    account.require_subcommand(1);
    const auto add = [&](CLI::App& under, const std::string& name, const std::string& what,
                         ExitCode (*run)(Cli&, TenantLedgerOptions&)) -> CLI::App& {
        CLI::App& verb = add_ledger_verb(cli, under, name, what, o, run);
        verb.add_option("account", o->account, "id, 1 to 32 hexadecimal digits")->required();
        return verb;
    };
    CLI::App& open = add(account, "open", "Open an account", open_account);
    open.add_option("--unit", o->unit, "what it counts (default 1)");
    open.add_option("--code", o->code, "your kind of account (default 1)");
    open.add_flag("--no-overdraft", o->no_overdraft, "debits may not exceed credits");
    open.add_flag("--no-overfill", o->no_overfill, "credits may not exceed debits");
    add_ledger_verb(cli, account, "list", "Accounts, oldest first", o, list_accounts)
        .add_option("--limit", o->limit, "at most so many (default 1000)");
    add(account, "show", "One account", show_account);
    add(account, "close", "Close it", close_account);
    add(account, "reopen", "Reopen it", reopen_account);
    add(account, "grant", "From now on a key must sign for it", grant_key)
        .add_option("key", o->number, "number of the key")
        ->required();
    add(account, "revoke", "Take a key away from it", revoke_key)
        .add_option("key", o->number, "number of the key")
        ->required();
    add(account, "contract", "Put it under a contract; 0 for none", attach_contract)
        .add_option("contract", o->number, "number of the contract")
        ->required();
    add(noun, "balance", "Balances of an account, now or at a time", show_balance)
        .add_option("--at", o->at, "2026-12-01T08:30, with Z or +08:00");
    CLI::App& history = add(noun, "history", "Changes of an account, oldest first", show_history);
    history.add_option("--limit", o->limit, "at most so many (default 1000)");
    history.add_flag("--newest", o->newest, "newest first");
}

}  // namespace suan::bin
