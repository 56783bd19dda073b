// `suan ledger verify` and `accounts`: what a settlement journal holds, checked offline without
// trusting whoever wrote it.
#include "base/bytes.hpp"
#include "bin/cli.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "settle/audit.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace suan::bin {
namespace {

struct LedgerOptions {
    std::string file;
    std::uint32_t book = 1;
};

settle::AuditedJournal open_journal(const std::string& file, settle::AuditDepth depth) {
    auto journal = settle::AuditedJournal::open(file, depth, settle::Books::Options{},
                                                settle::make_batch_verifier);
    if (journal) return std::move(*journal);
    const bool is_io = journal.error().code == ErrorCode::io;
    throw Failed(is_io ? ExitCode::io : ExitCode::refused, journal.error().context,
                 is_io ? "name the file of a settlement journal" : "");
}

ExitCode verify_ledger(Cli& cli, LedgerOptions& o) {
    const auto journal = open_journal(o.file, settle::AuditDepth::signatures);
    const settle::Audited& found = journal.found();
    if (cli.json) {
        const boost::json::object out{{"journal", to_hex(found.journal_id)},
                                      {"books", journal.books().size()},
                                      {"blocks", found.blocks},
                                      {"last_block_sm3", to_hex(found.last_hash)},
                                      {"transfers", found.transfers},
                                      {"created", found.created},
                                      {"signatures", found.signatures},
                                      {"tail_bytes", found.tail_bytes}};
        put(boost::json::serialize(out) + "\n");
        return ExitCode::ok;
    }
    put(
        fmt::format("Journal     {}\nBooks       {}\nBlocks      {}, the last one {}\n"
                    "Transfers   {}, of them {} made\nSignatures  {}, verified anew\n"
                    "Every answer, root and digest comes out the same.\n",
                    to_hex(found.journal_id), journal.books().size(), found.blocks,
                    to_hex(found.last_hash), found.transfers, found.created, found.signatures));
    return ExitCode::ok;
}

std::string id_text(ledger::AccountId id) {
    return id.high == 0 ? fmt::format("#{:x}", id.low)
                        : fmt::format("#{:x}{:016x}", id.high, id.low);
}

ExitCode show_accounts(Cli& cli, LedgerOptions& o) {
    const auto journal = open_journal(o.file, settle::AuditDepth::replay);
    const settle::Book* const book = journal.books().find(o.book);
    if (book == nullptr) {
        throw Failed(ExitCode::refused, fmt::format("the journal has no book {}", o.book));
    }
    Table table({{"ACCOUNT"},
                 {"UNIT", Align::right},
                 {"DEBITS", Align::right},
                 {"CREDITS", Align::right},
                 {"DEBITS HELD", Align::right},
                 {"CREDITS HELD", Align::right}});
    boost::json::array list;
    for (const ledger::Account& a : book->ledger().accounts()) {
        table.row({id_text(a.id), std::to_string(a.ledger), std::to_string(a.debits_posted),
                   std::to_string(a.credits_posted), std::to_string(a.debits_pending),
                   std::to_string(a.credits_pending)});
        list.push_back(boost::json::object{{"id", id_text(a.id)},
                                           {"unit", a.ledger},
                                           {"debits_posted", a.debits_posted},
                                           {"credits_posted", a.credits_posted},
                                           {"debits_pending", a.debits_pending},
                                           {"credits_pending", a.credits_pending}});
    }
    put(cli.json ? boost::json::serialize(list) + "\n" : table.text());
    return ExitCode::ok;
}

CLI::App& add_offline(Cli& cli, CLI::App& noun, const std::string& name, const std::string& what,
                      std::shared_ptr<LedgerOptions> o, ExitCode (*run)(Cli&, LedgerOptions&)) {
    CLI::App& verb = *noun.add_subcommand(name, what);
    add_json_option(cli, verb);
    verb.add_option("file", o->file, "a settlement journal")->required();
    verb.callback([&cli, o, run] { cli.action = [&cli, o, run] { return run(cli, *o); }; });
    return verb;
}

}  // namespace

void add_ledger_commands(Cli& cli) {
    auto o = std::make_shared<LedgerOptions>();
    // The noun that shows the centre's own postings.
    CLI::App& noun = *cli.app.get_subcommand("ledger");
    add_offline(cli, noun, "verify", "Decide every block again and verify every signature", o,
                verify_ledger);
    CLI::App& accounts =
        add_offline(cli, noun, "accounts", "The balances of a book", o, show_accounts);
    accounts.add_option("--book", o->book, "number of the book (default 1)");
}

}  // namespace suan::bin
