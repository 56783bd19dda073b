// `suan ledger transfer`, `batch`, `proof`.
#include "base/limits.hpp"
#include "bin/files.hpp"
#include "bin/ledger_options.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "settle/advice.hpp"
#include "settle/answer_stream.hpp"
#include "settle/batch.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <fstream>
#include <map>

namespace suan::bin {
namespace {

// Of a file of batches as one request carries them.
constexpr std::size_t request_bytes_max = std::size_t{32} << 20;

std::uint64_t amount_option(const std::string& text) {
    const auto amount = parse_number(text);
    if (amount) return *amount;
    throw Failed(ExitCode::usage, fmt::format("--amount: \"{}\" is not a whole number", text));
}

TransferRequest transfer_request(const TenantLedgerOptions& o) {
    if (o.hold + o.post + o.is_void > 1)
        throw Failed(ExitCode::usage, "--hold, --post and --void exclude each other");
    const bool ends = o.post || o.is_void;
    if (ends == o.pending.empty())
        throw Failed(ExitCode::usage, "--post and --void need --pending ID, and only they");
    if (!ends && (o.from.empty() || o.to.empty() || o.amount.empty()))
        throw Failed(ExitCode::usage, "name --from, --to and --amount");
    TransferRequest out;
    out.set_id(o.id.empty() ? fresh_key() : o.id);
    out.set_debit(o.from);
    out.set_credit(o.to);
    if (!o.amount.empty()) out.set_amount(amount_option(o.amount));
    if (!ends) out.set_unit(o.unit);
    out.set_code(o.code);
    out.set_pending(o.pending);
    if (o.hold) out.set_kind(TRANSFER_KIND_HOLD);
    if (o.post) out.set_kind(TRANSFER_KIND_POST);
    if (o.is_void) out.set_kind(TRANSFER_KIND_VOID);
    if (!o.timeout.empty()) {
        const auto timeout = parse_duration(o.timeout);
        if (!timeout) throw Failed(ExitCode::usage, "--timeout: " + timeout.error().context);
        out.set_timeout_us(static_cast<std::uint64_t>(timeout->us));
    }
    return out;
}

ExitCode send_transfer(Cli& cli, TenantLedgerOptions& o) {
    TransfersRequest request;
    *request.add_transfers() = transfer_request(o);
    Session session = Session::open(cli.hub);
    const auto done =
        session.send<TransfersAnswer>("POST", ledger_path(session, o, "/transfers"), request);
    const ItemResult& result = done.results(0);
    if (result.code() != "created" && result.code() != "exists") {
        if (cli.json) put_json(done);
        throw Failed(ExitCode::refused, fmt::format("transfer {}: {}: {}", result.id(),
                                                    result.code(), result.message()));
    }
    put_result(cli, done,
               result.code() == "exists"
                   ? fmt::format("Transfer {} was made before.\n", result.id())
                   : fmt::format("Transfer {} is made: place 0 of block {}.\n", result.id(),
                                 done.block()));
    return ExitCode::ok;
}

ExitCode show_transfer(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    const auto t =
        session.get<TransferView>(ledger_path(session, o, "/transfers/" + percent_encoded(o.id)));
    put_result(
        cli, t,
        fmt::format("Transfer {}  {}  {}\n{} of unit {} from {} to {}, code {}, {}\n", t.id(),
                    enum_text(TransferKind_descriptor(), t.kind()), t.state(), t.amount(), t.unit(),
                    t.debit().empty() ? "-" : t.debit(), t.credit().empty() ? "-" : t.credit(),
                    t.code(), time_text(t.time_us())));
    return ExitCode::ok;
}

// What became of a file of batches.
struct Sum {
    std::uint64_t batches = 0;
    std::uint64_t created = 0;
    std::map<settle::Code, std::uint64_t> refused;
    std::uint64_t last_block = 0;
};

void add_answers(std::string_view body, Sum& sum) {
    const auto answers = settle::decode_answers(body);
    if (!answers) throw Failed(ExitCode::refused, answers.error().context);
    for (const settle::BatchAnswer& answer : *answers) {
        if (const auto* refused = std::get_if<settle::RefusedBatch>(&answer)) {
            const Failed why = failed_answer(static_cast<int>(refused->status), refused->json);
            throw Failed(why.code(),
                         fmt::format("after {} batches with {} transfers made: {}", sum.batches,
                                     sum.created, why.what()),
                         why.what_to_do());
        }
        const auto& answered = std::get<settle::AnsweredBatch>(answer);
        ++sum.batches;
        sum.last_block = answered.block;
        for (const settle::Code code : answered.codes)
            code == settle::Code::created ? ++sum.created : ++sum.refused[code];
    }
}

// The next whole batches of the file, as many as one request takes; empty at its end.
std::string next_batches(std::istream& in, const std::string& file) {
    std::string out;
    for (std::size_t batches = 0; batches < settle::stream_batches_max; ++batches) {
        if (out.size() >= request_bytes_max) break;
        std::string head(settle::batch_head_bytes, '\0');
        in.read(head.data(), static_cast<std::streamsize>(head.size()));
        if (in.gcount() == 0) return out;
        head.resize(static_cast<std::size_t>(in.gcount()));
        const auto size = settle::batch_bytes(head);
        if (!size) throw Failed(ExitCode::usage, fmt::format("{}: {}", file, size.error().context));
        const std::size_t at = out.size();
        out += head;
        out.resize(at + *size);
        in.read(out.data() + at + head.size(), static_cast<std::streamsize>(*size - head.size()));
        if (static_cast<std::size_t>(in.gcount()) != *size - head.size())
            throw Failed(ExitCode::usage, fmt::format("{}: it ends within a batch", file));
    }
    return out;
}

std::string sum_json(const Sum& sum) {
    boost::json::object refused;
    for (const auto& [code, count] : sum.refused)
        refused[settle::to_string(code)] = count;
    return boost::json::serialize(boost::json::object{{"batches", sum.batches},
                                                      {"created", sum.created},
                                                      {"refused", refused},
                                                      {"last_block", sum.last_block}}) +
           "\n";
}

ExitCode send_batches(Cli& cli, TenantLedgerOptions& o) {
    std::ifstream in(o.file, std::ios::binary);
    if (!in) throw Failed(ExitCode::io, fmt::format("cannot read {}", o.file));
    Session session = Session::open(cli.hub);
    const std::string path = ledger_path(session, o, "/batches");
    Sum sum;
    for (;;) {
        const std::string bytes = next_batches(in, o.file);
        if (bytes.empty()) break;
        add_answers(session.send_bytes(path, bytes).body, sum);
    }
    if (cli.json) {
        put(sum_json(sum));
    } else {
        put(fmt::format("{} batches: {} transfers made\n", sum.batches, sum.created));
        for (const auto& [code, count] : sum.refused)
            put(fmt::format("{:>9} {}: {}\n", count, settle::to_string(code),
                            settle::advice(code)));
    }
    const auto retries = sum.refused.find(settle::code_of(ledger::Refusal::exists));
    const bool is_all = sum.refused.size() == (retries == sum.refused.end() ? 0U : 1U);
    return is_all ? ExitCode::ok : ExitCode::refused;
}

ExitCode get_proof(Cli& cli, TenantLedgerOptions& o) {
    Session session = Session::open(cli.hub);
    if (o.id.empty() == (o.block == 0))
        throw Failed(ExitCode::usage, "name a transfer, or its --block and --index");
    const std::string rest = o.id.empty()
                                 ? fmt::format("/proofs/{}/{}", o.block, o.index)
                                 : fmt::format("/transfers/{}/proof", percent_encoded(o.id));
    const auto proof = session.get<TransferProofView>(ledger_path(session, o, rest));
    const std::string file =
        o.out.empty() ? fmt::format("transfer-{}.suanproof", proof.transfer().id()) : o.out;
    write_whole_file(file, proof.proof());
    put_result(cli, proof,
               fmt::format("The proof that transfer {} was answered with {} is in {}.\n",
                           proof.transfer().id(), proof.code(), file));
    return ExitCode::ok;
}

}  // namespace

void add_ledger_transfer_commands(Cli& cli, CLI::App& noun, const LedgerOptionsPtr& o) {
    CLI::App& transfer =
        add_ledger_verb(cli, noun, "transfer", "Make one transfer", o, send_transfer);
    transfer.add_option("--from", o->from, "account debited");
    transfer.add_option("--to", o->to, "account credited");
    transfer.add_option("--amount", o->amount,
                        "whole units; of a post all of the hold if left out");
    transfer.add_option("--unit", o->unit, "what the accounts count (default 1)");
    transfer.add_option("--code", o->code, "your kind of transfer (default 1)");
    transfer.add_option("--id", o->id, "32 hexadecimal digits; the same id is made once");
    transfer.add_flag("--hold", o->hold, "hold the amount");
    transfer.add_flag("--post", o->post, "end a hold: it moves");
    transfer.add_flag("--void", o->is_void, "end a hold: nothing moves");
    transfer.add_option("--pending", o->pending, "id of the hold");
    transfer.add_option("--timeout", o->timeout, "of a hold, such as 90s or 2d");
    add_ledger_verb(cli, noun, "find", "One transfer by its id", o, show_transfer)
        .add_option("transfer", o->id, "id")
        ->required();
    add_ledger_verb(cli, noun, "batch", "Send a file of binary batches", o, send_batches)
        .add_option("file", o->file, "batches of docs/formats/settle-batch.md, one after another")
        ->required();
    CLI::App& proof = add_ledger_verb(cli, noun, "proof",
                                      "The operator's signed word about a transfer", o, get_proof);
    proof.add_option("transfer", o->id, "id of a transfer that was made");
    proof.add_option("--block", o->block, "of one that was refused: the block of its answer");
    proof.add_option("--index", o->index, "its place there, from 0");
    proof.add_option("-o,--out", o->out, "file");
}

}  // namespace suan::bin
