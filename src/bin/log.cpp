// `suan log` and `suan bill`: what an auditor and a payer check, without trusting the hub.
#include "base/bytes.hpp"
#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/hub/data_folder.hpp"
#include "bin/log_checks.hpp"
#include "bin/log_evidence.hpp"
#include "bin/log_witnesses.hpp"
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
    WitnessDemands demands;
};

bool is_url(const std::string& text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

CheckedLog check_any(Cli& cli, const LogCommandOptions& o) {
    if (!o.data.empty()) return check_data_folder(o.data, o.key, o.from_snapshot);
    if (!is_url(o.file)) return check_export_file(o.file, o.key, o.journal);
    HubOptions hub = cli.hub;
    hub.url = o.file;
    return check_hub(hub, o.key, o.journal);
}

ExitCode verify_log_command(Cli& cli, LogCommandOptions& o) {
    if (o.data.empty() == o.file.empty())
        throw Failed(ExitCode::usage, "what to verify?",
                     "name a hub's data folder with --data, an exported file or a hub's URL");
    const CheckedLog checked = check_any(cli, o);
    put(cli.json ? checked_log_json(checked) : checked_log_text(checked));
    if (!o.demands.any()) return ExitCode::ok;
    const std::string met = check_demands(checked.witnesses, o.demands);
    if (!cli.json) put(met);
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

// Who has co-signed a block, by name where the caller may know names.
std::string cosigners(const BlockView& block, const WitnessList& witnesses) {
    std::string out;
    for (const CosignatureView& cosignature : block.cosignatures()) {
        std::string name = to_hex(as_bytes(cosignature.public_key_sm3())).substr(0, 8);
        for (const WitnessView& witness : witnesses.witnesses())
            if (witness.public_key_sm3() == cosignature.public_key_sm3()) name = witness.name();
        out += (out.empty() ? "" : ", ") + name;
    }
    return out.empty() ? "-" : out;
}

ExitCode show_blocks(Cli& cli, LogCommandOptions& o) {
    Session session = Session::open(cli.hub);
    const auto head = session.get<LogHeadView>("/v1/log/head");
    const std::uint64_t last = o.seq != 0 ? std::min(o.seq, head.last_block()) : head.last_block();
    const std::uint64_t first = last > o.limit ? last - o.limit + 1 : 1;
    WitnessList witnesses;
    try {
        witnesses = session.all<WitnessList>("/v1/witnesses", 10'000, "witnesses");
    } catch (const Failed&) {
        // Blocks are public, names are not: keys are shown instead.
    }
    BlockList list;
    for (std::uint64_t number = last; number >= first && number > 0; --number)
        *list.add_blocks() = session.get<BlockView>(fmt::format("/v1/log/blocks/{}", number));
    Table table({{"BLOCK", Align::right},
                 {"TIME"},
                 {"ENTRIES", Align::right},
                 {"LAST", Align::right},
                 {"SM3"},
                 {"CO-SIGNED BY"}});
    for (const BlockView& b : list.blocks())
        table.row({std::to_string(b.number()), time_text(b.time_us()),
                   std::to_string(b.last_seq() - b.first_seq() + 1), std::to_string(b.last_seq()),
                   to_hex(as_bytes(b.sm3())).substr(0, 16), cosigners(b, witnesses)});
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

}  // namespace

void add_log_commands(Cli& cli) {
    auto o = std::make_shared<LogCommandOptions>();
    CLI::App& log = add_noun(cli, "log", "The ordered log");
    CLI::App& verify =
        add_offline(cli, log, "verify", "Re-execute every entry and check every block, offline", o,
                    verify_log_command);
    verify.add_option("file", o->file, "a file of `suan log export`, or the URL of a hub");
    verify.add_option("--token-file", cli.hub.token_file, "of a URL: file with an auditor's token")
        ->type_name("FILE");
    verify.add_option("--data", o->data, "a hub's data folder; the hub may be running");
    verify.add_option("--key", o->key, "operator's public key (PEM); default the folder's own");
    verify.add_option("--journal", o->journal,
                      "journal of tenants' ledgers that goes with an exported file or a hub");
    verify.add_flag("--from-snapshot", o->from_snapshot, "from the newest snapshot on");
    verify.add_option("--witness", o->demands.named,
                      "NAME=KEYFILE: this witness must have co-signed (again for more)");
    verify.add_option("--min-witnesses", o->demands.min,
                      "so many witnesses must have co-signed, of those named if any are");
    verify.add_option("--max-behind", o->demands.max_behind,
                      "newest blocks that may still lack their signatures (default 60)");
    CLI::App& out =
        add_verb(cli, log, "export", "The whole log as one file", o, export_log_command);
    out.add_option("file", o->file, "file to write")->required();
    out.add_option("--data", o->data, "from a data folder, without a hub");
    CLI::App& show =
        add_verb(cli, log, "show", "Entries that you may see, or one of them", o, show_log);
    show.add_option("entry", o->seq, "number of an entry");
    show.add_option("--limit", o->limit, "at most so many (default 20)");
    CLI::App& blocks =
        add_verb(cli, log, "blocks", "The newest blocks and who co-signed them", o, show_blocks);
    blocks.add_option("block", o->seq, "number of the last one to show");
    blocks.add_option("--limit", o->limit, "at most so many (default 20)");
    add_log_evidence_commands(cli, log);
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
