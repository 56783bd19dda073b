// How a noun adds its verbs to the program. Parsing fills options that live as long as the App and
// chooses one action, which runs after parsing; so an action may throw Failed freely.
#pragma once

#include "bin/exit_code.hpp"
#include "bin/session.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin {

struct Cli {
    CLI::App& app;
    HubOptions hub;
    bool json = false;
    std::vector<std::string> rest;     // the words after `--`
    std::function<ExitCode()> action;  // of the verb that was named
};

// The noun's own command, with the verbs still to add.
CLI::App& add_noun(Cli& cli, const std::string& name, const std::string& what);

// A verb that talks to a hub: it has --hub, --token-file and --json. `run` gets the options.
template <typename Options>
CLI::App& add_verb(Cli& cli, CLI::App& noun, const std::string& name, const std::string& what,
                   std::shared_ptr<Options> options, ExitCode (*run)(Cli&, Options&));

// A verb that works without a hub: it has --json.
template <typename Options>
CLI::App& add_offline(Cli& cli, CLI::App& noun, const std::string& name, const std::string& what,
                      std::shared_ptr<Options> options, ExitCode (*run)(Cli&, Options&));

void add_hub_options(Cli& cli, CLI::App& verb);
void add_json_option(Cli& cli, CLI::App& verb);

void put(std::string_view text);        // to standard output
void put_error(std::string_view text);  // to standard error
// The message as one line of JSON, all fields.
void put_json(const google::protobuf::Message& message);
// JSON with --json, else text.
void put_result(const Cli& cli, const google::protobuf::Message& message, std::string_view text);
// "sim_exit_code" of an enum value: its name as the API writes it.
std::string enum_text(const google::protobuf::EnumDescriptor* type, int value);
std::string read_file(const std::string& file, std::size_t bytes_max);  // "-": standard input

template <typename Options>
CLI::App& add_offline(Cli& cli, CLI::App& noun, const std::string& name, const std::string& what,
                      std::shared_ptr<Options> options, ExitCode (*run)(Cli&, Options&)) {
    CLI::App& verb = *noun.add_subcommand(name, what);
    add_json_option(cli, verb);
    verb.callback(
        [&cli, options, run] { cli.action = [&cli, options, run] { return run(cli, *options); }; });
    return verb;
}

template <typename Options>
CLI::App& add_verb(Cli& cli, CLI::App& noun, const std::string& name, const std::string& what,
                   std::shared_ptr<Options> options, ExitCode (*run)(Cli&, Options&)) {
    CLI::App& verb = *noun.add_subcommand(name, what);
    add_hub_options(cli, verb);
    add_json_option(cli, verb);
    verb.callback(
        [&cli, options, run] { cli.action = [&cli, options, run] { return run(cli, *options); }; });
    return verb;
}

// The nouns. Each is called once, by main.
void add_hub_commands(Cli& cli);
void add_job_commands(Cli& cli);
void add_org_commands(Cli& cli);
void add_money_commands(Cli& cli);
void add_invoice_commands(Cli& cli);
void add_centre_commands(Cli& cli);
void add_log_commands(Cli& cli);
void add_witness_commands(Cli& cli);
void add_ledger_commands(Cli& cli);
void add_crypto_commands(Cli& cli);
void add_tool_commands(Cli& cli);
void add_plan_commands(Cli& cli);
void add_whatif_command(Cli& cli, CLI::App& sim);
void add_up_command(Cli& cli);

}  // namespace suan::bin
