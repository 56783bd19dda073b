// `suan ledger verify`, `accounts` and `check-proof`: what a settlement journal or a proof holds,
// checked offline without trusting whoever wrote it.
#include "base/bytes.hpp"
#include "bin/files.hpp"
#include "bin/ledger_options.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "settle/audit.hpp"
#include "settle/id_text.hpp"
#include "settle/signed_proof.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace suan::bin {
namespace {

struct LedgerOptions {
    std::string file;
    std::string key;
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
        table.row({settle::id_text(a.id), std::to_string(a.ledger), std::to_string(a.debits_posted),
                   std::to_string(a.credits_posted), std::to_string(a.debits_pending),
                   std::to_string(a.credits_pending)});
        list.push_back(boost::json::object{{"id", settle::id_text(a.id)},
                                           {"unit", a.ledger},
                                           {"debits_posted", a.debits_posted},
                                           {"credits_posted", a.credits_posted},
                                           {"debits_pending", a.debits_pending},
                                           {"credits_pending", a.credits_pending}});
    }
    put(cli.json ? boost::json::serialize(list) + "\n" : table.text());
    return ExitCode::ok;
}

// Without --key the proof's own key is used: that shows damage, not who signed.
crypto::PublicKey trusted_key(const settle::SignedProof& proof, const std::string& file) {
    auto key = file.empty() ? crypto::PublicKey::from_raw(as_text(proof.operator_key))
                            : crypto::PublicKey::load(file);
    if (key) return std::move(*key);
    throw Failed(ExitCode::io, key.error().context, "name the operator's public key in PEM");
}

ExitCode check_proof_file(Cli& cli, LedgerOptions& o) {
    constexpr std::size_t proof_bytes_max = 1 << 20;
    const auto proof = settle::decode_proof(read_file(o.file, proof_bytes_max));
    if (!proof)
        throw Failed(ExitCode::refused, fmt::format("{}: {}", o.file, proof.error().context));
    const crypto::PublicKey key = trusted_key(*proof, o.key);
    const auto checked = settle::check_proof(*proof, key);
    if (!checked)
        throw Failed(ExitCode::refused, fmt::format("{}: {}", o.file, checked.error().context));
    const ledger::Transfer& t = checked->transfer;
    const settle::Block& block = proof->proof.block;
    if (cli.json) {
        const boost::json::object out{{"verified", true},
                                      {"journal", to_hex(proof->journal_id)},
                                      {"ledger", proof->proof.book},
                                      {"block", block.number},
                                      {"index", proof->proof.index},
                                      {"time_us", block.time.us},
                                      {"transfer", settle::id_text(t.id)},
                                      {"debit", settle::id_text(t.debit_account_id)},
                                      {"credit", settle::id_text(t.credit_account_id)},
                                      {"amount", t.amount},
                                      {"unit", t.ledger},
                                      {"code", settle::to_string(proof->proof.code)},
                                      {"signed_by_key", checked->signed_part.key},
                                      {"operator_key_sm3", to_hex(key.id())},
                                      {"key_was_given", !o.key.empty()}};
        put(boost::json::serialize(out) + "\n");
        return ExitCode::ok;
    }
    put(
        fmt::format("The proof holds: transfer {} of {} from {} to {} in ledger {} was answered "
                    "with {}\nin block {}, place {}, at {}, {}.\n",
                    settle::id_text(t.id), t.amount, settle::id_text(t.debit_account_id),
                    settle::id_text(t.credit_account_id), proof->proof.book,
                    settle::to_string(proof->proof.code), block.number, proof->proof.index,
                    time_text(block.time.us),
                    o.key.empty() ? "signed by the key that came along; give --key to say whose it "
                                    "must be"
                                  : "signed by the key that you gave"));
    return ExitCode::ok;
}

}  // namespace

void add_ledger_commands(Cli& cli) {
    auto o = std::make_shared<LedgerOptions>();
    CLI::App& noun = add_noun(cli, "ledger", "Tenants' own ledgers");
    add_tenant_ledger_commands(cli, noun);
    const char* const journal = "a settlement journal";
    add_offline(cli, noun, "verify", "Decide every block again and verify every signature", o,
                verify_ledger)
        .add_option("file", o->file, journal)
        ->required();
    CLI::App& accounts =
        add_offline(cli, noun, "accounts", "The balances of a book", o, show_accounts);
    accounts.add_option("file", o->file, journal)->required();
    accounts.add_option("--book", o->book, "number of the book (default 1)");
    CLI::App& check = add_offline(cli, noun, "check-proof",
                                  "Check a transfer's proof against the operator's key, offline", o,
                                  check_proof_file);
    check.add_option("file", o->file, "a file of `suan ledger proof`")->required();
    check.add_option("--key", o->key, "operator's public key (PEM)");
}

}  // namespace suan::bin
