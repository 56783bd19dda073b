// `suan hub run`: composes log, hub, executors and API, and serves until it is told to stop.
#pragma once

#include "base/limits.hpp"
#include "bin/exit_code.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::bin {

struct ServeOptions {
    std::string data;
    std::string key;                   // file or pkcs11: URI; empty: keys/ of the data folder
    std::vector<std::string> centres;  // centre files, applied in their order
    std::string listen = "127.0.0.1:7700";
    std::string port_file;        // written, whole, when the hub is ready
    std::uint32_t sim_scale = 1;  // virtual seconds per second, in pools of kind sim
    std::uint32_t sim_fail_permille = 0;
    std::string apps;                    // folder of app files; empty: beside the program
    std::vector<std::string> work_dirs;  // where jobs may ask to run, beside their own folders
    std::vector<std::string> readable;   // shown in the sandbox though hidden
    std::string console;                 // folder of the built console; empty: the installed one
    std::string sandbox = "auto";        // auto, required or off
    std::uint32_t io_threads = 1;
    std::uint64_t snapshot_entries = 200'000;
    std::uint64_t ledger_accounts = limits::ledger_kept_per_org;
    std::uint32_t rate_per_second = 0;  // of one address; 0: no limit
};

// SIGTERM and SIGINT stop it gracefully: running jobs go on. Blocks both signals for the process.
ExitCode serve(const ServeOptions& options);

}  // namespace suan::bin
