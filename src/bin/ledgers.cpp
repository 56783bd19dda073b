// `suan ledger open`, `list`, `show`, `close`, `key`, `contract`: a tenant's ledgers.
#include "base/bytes.hpp"
#include "bin/ledger_options.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "ledger/contract/limits.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

constexpr std::size_t everything = 1'000'000;
constexpr std::size_t key_bytes_max = 16 << 10;

std::string state_text(const LedgerView& ledger) {
    const std::string text = enum_text(LedgerState_descriptor(), ledger.state());
    const bool is_open = ledger.state() == LEDGER_STATE_OPEN;
    return is_open && !ledger.takes_transfers() ? text + " (no money)" : text;
}

ExitCode open_ledger(Cli& cli, TenantLedgerOptions& o) {
    LedgerRequest request;
    request.set_org(o.org);
    request.set_name(o.name);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/ledgers", request);
    put_result(cli, done, fmt::format("Ledger {} ({}) is open.\n", done.id(), o.name));
    return ExitCode::ok;
}

ExitCode list_ledgers(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<LedgerList>(Query("/v1/ledgers").add("org", o.org).text(),
                                              everything, "ledgers");
    Table table({{"LEDGER", Align::right},
                 {"NAME"},
                 {"ORG"},
                 {"STATE"},
                 {"OPENED"},
                 {"TRANSFERS", Align::right},
                 {"HELD CNY", Align::right},
                 {"CHARGED CNY", Align::right}});
    for (const LedgerView& l : list.ledgers())
        table.row({std::to_string(l.id()), l.name(), l.org(), state_text(l),
                   time_text(l.opened_us()), count_text(static_cast<std::int64_t>(l.transfers())),
                   yuan_text(l.held_micro_yuan()), yuan_text(l.charged_micro_yuan())});
    put_result(cli, list, list.ledgers().empty() ? "No ledgers.\n" : table.text());
    return ExitCode::ok;
}

ExitCode show_ledger(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto l = session.get<LedgerView>(ledger_path(session, o, ""));
    put_result(
        cli, l,
        fmt::format("Ledger     {} {} of {}, {}\nOpened     {}\nTransfers  {} metered, {} more "
                    "allowed\nMoney      {} CNY held, {} CNY charged\nPrices     {} CNY for 1,000 "
                    "transfers, {} CNY a day\nHolds      {} accounts, {} keys, {} contracts\n"
                    "Journal    {}\n",
                    l.id(), l.name(), l.org(), state_text(l), time_text(l.opened_us()),
                    count_text(static_cast<std::int64_t>(l.transfers())),
                    count_text(static_cast<std::int64_t>(l.transfers_allowed())),
                    yuan_text(l.held_micro_yuan()), yuan_text(l.charged_micro_yuan()),
                    yuan_text(l.micro_yuan_per_1000_transfers()), yuan_text(l.micro_yuan_per_day()),
                    l.accounts(), l.keys(), l.contracts(), to_hex(as_bytes(l.journal_id()))));
    return ExitCode::ok;
}

ExitCode close_ledger(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<ChangeAccepted>("POST", ledger_path(session, o, "/close"), LedgerChanged());
    put_result(cli, done,
               fmt::format("Ledger {} takes nothing new; it can still be read.\n", done.id()));
    return ExitCode::ok;
}

ExitCode add_key(Cli& cli, TenantLedgerOptions& o) {
    LedgerKeyRequest request;
    request.set_public_key(read_file(o.file, key_bytes_max));
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<LedgerChanged>("POST", ledger_path(session, o, "/keys"), request);
    put_result(cli, done, fmt::format("It is key {} of the ledger.\n", done.number()));
    return ExitCode::ok;
}

ExitCode list_keys(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list =
        session.all<LedgerKeyList>(ledger_path(session, o, "/keys"), everything, "keys");
    Table table({{"KEY", Align::right}, {"SM2 POINT"}});
    for (const LedgerKeyView& key : list.keys())
        table.row({std::to_string(key.number()), to_hex(as_bytes(key.public_key()))});
    put_result(cli, list, list.keys().empty() ? "No keys.\n" : table.text());
    return ExitCode::ok;
}

ExitCode add_contract(Cli& cli, TenantLedgerOptions& o) {
    ContractRequest request;
    request.set_text(read_file(o.file, ledger::limits::contract_bytes_max));
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<LedgerChanged>("POST", ledger_path(session, o, "/contracts"), request);
    put_result(cli, done, fmt::format("It is contract {} of the ledger.\n", done.number()));
    return ExitCode::ok;
}

ExitCode list_contracts(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list =
        session.all<ContractList>(ledger_path(session, o, "/contracts"), everything, "contracts");
    std::string text;
    for (const ContractView& contract : list.contracts())
        text += fmt::format("Contract {}\n{}\n\n", contract.number(), contract.text());
    put_result(cli, list, text.empty() ? "No contracts.\n" : text);
    return ExitCode::ok;
}

}  // namespace

std::uint64_t find_ledger(Session& session, const std::string& text) {
    if (const auto number = parse_number(text)) return *number;
    const auto list = session.all<LedgerList>("/v1/ledgers", everything, "ledgers");
    for (const LedgerView& ledger : list.ledgers())
        if (ledger.name() == text && ledger.state() != LEDGER_STATE_CLOSED) return ledger.id();
    throw Failed(ExitCode::refused, fmt::format("there is no open ledger {}", text),
                 "`suan ledger list` shows yours");
}

std::string ledger_path(Session& session, const TenantLedgerOptions& o, const std::string& rest) {
    return fmt::format("/v1/ledgers/{}{}", find_ledger(session, o.ledger), rest);
}

CLI::App& add_ledger_verb(Cli& cli, CLI::App& noun, const std::string& name,
                          const std::string& what, const LedgerOptionsPtr& o,
                          ExitCode (*run)(Cli&, TenantLedgerOptions&)) {
    CLI::App& verb = add_verb(cli, noun, name, what, o, run);
    verb.add_option("ledger", o->ledger, "its number or name")->required();
    return verb;
}

void add_tenant_ledger_commands(Cli& cli, CLI::App& noun) {
    auto o = std::make_shared<TenantLedgerOptions>();
    CLI::App& open = add_verb(cli, noun, "open", "Open a ledger of your org", o, open_ledger);
    open.add_option("name", o->name, "its name")->required();
    open.add_option("--org", o->org, "for operators: whose");
    add_verb(cli, noun, "list", "Ledgers and what they cost", o, list_ledgers)
        .add_option("--org", o->org, "of one org");
    add_ledger_verb(cli, noun, "show", "One ledger", o, show_ledger);
    add_ledger_verb(cli, noun, "close", "Take nothing new; it can still be read", o, close_ledger);

    CLI::App& key = *noun.add_subcommand("key", "SM2 keys that sign transfers");
    key.require_subcommand(1);
    add_ledger_verb(cli, key, "add", "Add a public key", o, add_key)
        .add_option("file", o->file, "its PEM file")
        ->required();
    add_ledger_verb(cli, key, "list", "Keys of the ledger", o, list_keys);

    CLI::App& contract = *noun.add_subcommand("contract", "Rules that accounts are put under");
    contract.require_subcommand(1);
    add_ledger_verb(cli, contract, "add", "Add a contract", o, add_contract)
        .add_option("file", o->file, "its text; - for standard input")
        ->required();
    add_ledger_verb(cli, contract, "list", "Contracts with their texts", o, list_contracts);

    add_ledger_account_commands(cli, noun, o);
    add_ledger_transfer_commands(cli, noun, o);
}

}  // namespace suan::bin
