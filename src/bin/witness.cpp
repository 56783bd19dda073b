// `suan witness`: follow a hub's log and co-sign it; and who may.
#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "bin/witness_run.hpp"
#include "crypto/sm2.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

constexpr std::size_t key_bytes_max = 16 << 10;

struct WitnessCommandOptions {
    WitnessRunOptions run;
    std::string name, title, key, reason, file;
    std::size_t limit = 1'000;
};

ExitCode make_key(Cli&, WitnessCommandOptions& o) {
    auto key = crypto::PrivateKey::generate();
    auto saved = key ? key->save(o.file) : Result<void>(key.error());
    if (!saved) throw Failed(ExitCode::io, saved.error().context);
    const std::string public_file = o.file + ".pub";
    write_whole_file(public_file, key->public_key().to_pem());
    put(
        fmt::format("The key is in {}; keep it where only the witness reads it.\n"
                    "Its public half, for the centre's operator, is in {}. SM3 {}\n",
                    o.file, public_file, to_hex(key->public_key().id())));
    return ExitCode::ok;
}

ExitCode list_witnesses(Cli& cli, WitnessCommandOptions& o) {
    const auto list =
        Session::open(cli.hub).all<WitnessList>("/v1/witnesses", o.limit, "witnesses");
    Table table({{"ID", Align::right},
                 {"NAME"},
                 {"KEY SM3"},
                 {"FROM ENTRY", Align::right},
                 {"CO-SIGNED TO", Align::right},
                 {"BEHIND", Align::right},
                 {"STATE"},
                 {"TITLE"}});
    for (const WitnessView& w : list.witnesses())
        table.row({std::to_string(w.id()), w.name(),
                   to_hex(as_bytes(w.public_key_sm3())).substr(0, 16), std::to_string(w.from_seq()),
                   w.last_block() == 0 ? "-" : fmt::format("block {}", w.last_block()),
                   w.until_seq() != 0 ? "-" : std::to_string(w.lag_blocks()),
                   w.until_seq() == 0 ? "witness" : fmt::format("until entry {}", w.until_seq()),
                   w.title()});
    put_result(cli, list, table.text());
    return ExitCode::ok;
}

ExitCode add_witness(Cli& cli, WitnessCommandOptions& o) {
    WitnessRequest request;
    request.set_name(o.name);
    request.set_title(o.title);
    request.set_public_key(read_file(o.key, key_bytes_max));
    if (request.public_key().find("PRIVATE") != std::string::npos)
        throw Failed(ExitCode::usage, fmt::format("{} is a private key", o.key),
                     "give the public one; nobody but the witness should hold the other");
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/witnesses", request);
    put_result(cli, done, fmt::format("{} is a witness from entry {} on.\n", o.name, done.seq()));
    return ExitCode::ok;
}

ExitCode remove_witness(Cli& cli, WitnessCommandOptions& o) {
    RemoveWitnessRequest request;
    request.set_reason(o.reason);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>(
        "POST", fmt::format("/v1/witnesses/{}/remove", percent_encoded(o.name)), request);
    put_result(cli, done, fmt::format("{} is no witness from entry {} on.\n", o.name, done.seq()));
    return ExitCode::ok;
}

// The noun itself follows the log; its verbs do the rest.
void add_run(Cli& cli, CLI::App& witness, std::shared_ptr<WitnessCommandOptions> o) {
    add_hub_options(cli, witness);
    WitnessRunOptions& run = o->run;
    witness.add_option("--key", run.key,
                       "the witness's private key, as `suan witness key` makes it");
    witness.add_option("--data", run.data, "folder for what was verified; one for each key");
    witness.add_option("--operator-key", run.operator_key,
                       "the centre's public key (PEM); default the first that the hub names");
    witness.add_option("--interval-ms", run.interval_ms, "between two looks (default 1000)")
        ->check(CLI::Range(10, 3'600'000));
    witness
        .add_option("--snapshot-entries", run.snapshot_entries,
                    "entries between two snapshots of the state (default 100000)")
        ->check(CLI::PositiveNumber);
    witness.add_flag("--once", run.once, "end when all that the hub has is verified");
    witness.callback([&cli, &witness, o] {
        if (!witness.get_subcommands().empty()) return;
        cli.action = [&cli, o] {
            if (o->run.key.empty() || o->run.data.empty())
                throw Failed(ExitCode::usage, "a witness needs --key and --data",
                             "`suan witness key FILE` makes a key");
            return run_witness(cli.hub, o->run);
        };
    });
}

}  // namespace

void add_witness_commands(Cli& cli) {
    auto o = std::make_shared<WitnessCommandOptions>();
    CLI::App& witness = *cli.app.add_subcommand(
        "witness", "Follow a hub's log from outside, decide it again, co-sign its blocks");
    add_run(cli, witness, o);
    CLI::App& key = *witness.add_subcommand("key", "Make a witness's key");
    key.add_option("file", o->file, "file to write, mode 0600; FILE.pub gets the public key")
        ->required();
    key.callback([&cli, o] { cli.action = [&cli, o] { return make_key(cli, *o); }; });
    add_verb(cli, witness, "list", "Who co-signs, and how far", o, list_witnesses)
        .add_option("--limit", o->limit, "at most so many");
    CLI::App& add = add_verb(cli, witness, "add", "Register a witness (operator)", o, add_witness);
    add.add_option("name", o->name, "its name")->required();
    add.add_option("key", o->key, "its public key (PEM)")->required();
    add.add_option("--title", o->title, "who that is, and how to reach them");
    CLI::App& remove =
        add_verb(cli, witness, "remove", "Take a witness off (operator)", o, remove_witness);
    remove.add_option("name", o->name, "its name")->required();
    remove.add_option("--reason", o->reason, "for the log");
}

}  // namespace suan::bin
