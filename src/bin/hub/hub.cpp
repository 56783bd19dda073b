// `suan hub`: run.
#include "bin/cli.hpp"
#include "bin/hub/serve.hpp"

namespace suan::bin {

void add_hub_commands(Cli& cli) {
    auto o = std::make_shared<ServeOptions>();
    CLI::App& noun = add_noun(cli, "hub", "The centre's control plane");
    CLI::App& run = *noun.add_subcommand("run", "Run the hub until SIGTERM or SIGINT");
    run.add_option("--data", o->data, "folder of its log, keys and jobs")->required();
    run.add_option("--key", o->key,
                   "signing key: a file of mode 0600 or a pkcs11: URI (default: in --data)");
    run.add_option("--centre", o->centres, "centre file to apply at the start (again for more)");
    run.add_option("--listen", o->listen, "ADDRESS:PORT (default 127.0.0.1:7700; port 0: any)");
    run.add_option("--port-file", o->port_file, "write the port here once the hub is ready");
    run.add_option("--sim-scale", o->sim_scale, "virtual seconds a second in sim pools (1 to 1e6)")
        ->check(CLI::Range(1, 1'000'000));
    run.add_option("--sim-fail-permille", o->sim_fail_permille, "virtual tasks that fail, of 1000")
        ->check(CLI::Range(0, 1'000));
    run.add_option("--apps", o->apps, "folder of apps (default: those installed with suan)");
    run.add_option("--work-dir", o->work_dirs, "folder in which jobs may run (again for more)");
    run.add_option("--readable", o->readable, "folder that sandboxed jobs may read");
    run.add_option("--console", o->console,
                   "folder of the built console (default: ../share/suan/console of the program)");
    run.add_option("--sandbox", o->sandbox, "auto, required or off (default auto)");
    run.add_option("--io-threads", o->io_threads, "threads that serve HTTP (default 1)")
        ->check(CLI::Range(1, 64));
    run.add_option("--snapshot-entries", o->snapshot_entries, "entries between snapshots; 0: none");
    run.add_option("--ledger-accounts", o->ledger_accounts,
                   "accounts, keys and contracts of an org in all its ledgers (default 1000000)")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
    run.add_option("--rate", o->rate_per_second, "requests a second of one address; 0: any");
    run.callback([&cli, o] { cli.action = [o] { return serve(*o); }; });
}

}  // namespace suan::bin
