// `suan log` and `suan bill`: what an auditor and a payer check, without trusting the hub.
#include "base/bytes.hpp"
#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/hub/data_folder.hpp"
#include "bin/log_checks.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::bin {
namespace {

struct LogCommandOptions {
    std::string data, file, out, key, journal;
    std::uint64_t seq = 0;
    std::size_t limit = 20;
    bool from_snapshot = false;
};

ExitCode verify_log_command(Cli& cli, LogCommandOptions& o) {
    if (o.data.empty() == o.file.empty())
        throw Failed(ExitCode::usage, "what to verify?",
                     "name a hub's data folder with --data, or an exported file");
    const CheckedLog checked = o.data.empty() ? check_export_file(o.file, o.key, o.journal)
                                              : check_data_folder(o.data, o.key, o.from_snapshot);
    put(cli.json ? checked_log_json(checked) : checked_log_text(checked));
    return ExitCode::ok;
}

ExitCode export_log_command(Cli& cli, LogCommandOptions& o) {
    if (!o.data.empty()) {
        const std::uint64_t entries = export_data_folder(o.data, o.file);
        put(fmt::format("{} entries written to {}.\n",
                        count_text(static_cast<std::int64_t>(entries)), o.file));
        return ExitCode::ok;
    }
    const auto answer = Session::open(cli.hub).raw("/v1/log/export");
    write_whole_file(o.file, answer.body);
    put(fmt::format("{} bytes written to {}.\n",
                    count_text(static_cast<std::int64_t>(answer.body.size())), o.file));
    return ExitCode::ok;
}

ExitCode show_log(Cli& cli, LogCommandOptions& o) {
    Session session = Session::open(cli.hub);
    if (o.seq != 0) {
        const auto entry = session.get<EntryView>(fmt::format("/v1/log/entries/{}", o.seq));
        std::string text = fmt::format("Entry {}  {}  {}  by {}\nSM3 {}\n", entry.seq(),
                                       time_text(entry.time_us()), entry.kind(),
                                       entry.member().empty() ? "the hub" : entry.member(),
                                       to_hex(as_bytes(entry.sm3())));
        put_result(cli, entry, text + entry.entry().DebugString());
        return ExitCode::ok;
    }
    const auto list = session.all<EntryList>("/v1/log/entries", o.limit, "entries");
    Table table(
        {{"ENTRY", Align::right}, {"TIME"}, {"WHAT"}, {"BY"}, {"ORG"}, {"EVENTS", Align::right}});
    for (const EntryView& e : list.entries())
        table.row({std::to_string(e.seq()), time_text(e.time_us()), e.kind(),
                   e.member().empty() ? "(hub)" : e.member(), e.org(),
                   std::to_string(e.entry().events_size())});
    put_result(cli, list, table.text());
    return ExitCode::ok;
}

ExitCode show_head(Cli& cli, LogCommandOptions&) {
    const auto head = Session::open(cli.hub).get<LogHeadView>("/v1/log/head");
    put_result(
        cli, head,
        fmt::format("Log        {}\nEntries    {}\nBlocks     {}, up to entry {}\nBlock SM3  "
                    "{}\nKey SM3    {}\n",
                    to_hex(as_bytes(head.log_id())), head.last_seq(), head.last_block(),
                    head.last_block_seq(), to_hex(as_bytes(head.last_block_sm3())),
                    to_hex(as_bytes(head.operator_key_sm3()))));
    return ExitCode::ok;
}

ExitCode verify_bill_command(Cli& cli, LogCommandOptions& o) {
    const CheckedBillFile checked = check_bill_file(o.file, o.key);
    put(cli.json ? checked_bill_json(checked) : checked_bill_text(checked));
    return ExitCode::ok;
}

struct BillOptions {
    std::uint64_t id = 0;
    std::string out;
};

ExitCode export_bill(Cli& cli, BillOptions& o) {
    const auto answer = Session::open(cli.hub).raw(fmt::format("/v1/invoices/{}/bundle", o.id));
    const std::string file = o.out.empty() ? fmt::format("invoice-{}.suanbill", o.id) : o.out;
    write_whole_file(file, answer.body);
    put(fmt::format("Bill {} with its proofs is in {}.\n", o.id, file));
    return ExitCode::ok;
}

// A verb that works without a hub.
template <typename Options>
CLI::App& add_offline(Cli& cli, CLI::App& noun, const std::string& name, const std::string& what,
                      std::shared_ptr<Options> o, ExitCode (*run)(Cli&, Options&)) {
    CLI::App& verb = *noun.add_subcommand(name, what);
    add_json_option(cli, verb);
    verb.callback([&cli, o, run] { cli.action = [&cli, o, run] { return run(cli, *o); }; });
    return verb;
}

}  // namespace

void add_log_commands(Cli& cli) {
    auto o = std::make_shared<LogCommandOptions>();
    CLI::App& log = add_noun(cli, "log", "The ordered log");
    CLI::App& verify =
        add_offline(cli, log, "verify", "Re-execute every entry and check every block, offline", o,
                    verify_log_command);
    verify.add_option("file", o->file, "a file of `suan log export`");
    verify.add_option("--data", o->data, "a hub's data folder; the hub may be running");
    verify.add_option("--key", o->key, "operator's public key (PEM); default the folder's own");
    verify.add_option("--journal", o->journal,
                      "journal of tenants' ledgers that goes with an exported file");
    verify.add_flag("--from-snapshot", o->from_snapshot, "from the newest snapshot on");
    CLI::App& out =
        add_verb(cli, log, "export", "The whole log as one file", o, export_log_command);
    out.add_option("file", o->file, "file to write")->required();
    out.add_option("--data", o->data, "from a data folder, without a hub");
    CLI::App& show =
        add_verb(cli, log, "show", "Entries that you may see, or one of them", o, show_log);
    show.add_option("entry", o->seq, "number of an entry");
    show.add_option("--limit", o->limit, "at most so many (default 20)");
    add_verb(cli, log, "head", "How far it is, and who signs it", o, show_head);
    CLI::App& bill = add_noun(cli, "bill", "Bills that check offline");
    CLI::App& check = add_offline(cli, bill, "verify", "Check a bill against the operator's key", o,
                                  verify_bill_command);
    check.add_option("file", o->file, "a file of `suan bill export`")->required();
    check.add_option("--key", o->key, "operator's public key (PEM)");
    auto b = std::make_shared<BillOptions>();
    CLI::App& get =
        add_verb(cli, bill, "export", "Write an invoice with its proofs", b, export_bill);
    get.add_option("id", b->id, "invoice")->required();
    get.add_option("-o,--out", b->out, "file");
}

}  // namespace suan::bin
