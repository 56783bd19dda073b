#include "bin/cli.hpp"

#include "api/json/encode.hpp"
#include "api/json/names.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace suan::bin {

CLI::App& add_noun(Cli& cli, const std::string& name, const std::string& what) {
    CLI::App& noun = *cli.app.add_subcommand(name, what);
    noun.require_subcommand(1);
    return noun;
}

void add_hub_options(Cli& cli, CLI::App& verb) {
    verb.add_option("--hub", cli.hub.url,
                    "URL of the hub (SUAN_HUB; default http://127.0.0.1:7700)")
        ->type_name("URL");
    verb.add_option("--token-file", cli.hub.token_file,
                    "file with the token (SUAN_TOKEN, SUAN_TOKEN_FILE; default "
                    "~/.config/suan/token)")
        ->type_name("FILE");
}

void add_json_option(Cli& cli, CLI::App& verb) {
    verb.add_flag("--json", cli.json, "print the API's JSON on one line");
}

void put(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void put_error(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

void put_json(const google::protobuf::Message& message) {
    put(api::json::encode(message, api::json::Defaults::print) + "\n");
}

void put_result(const Cli& cli, const google::protobuf::Message& message, std::string_view text) {
    if (cli.json)
        put_json(message);
    else
        put(text);
}

std::string enum_text(const google::protobuf::EnumDescriptor* type, int value) {
    const auto* found = type->FindValueByNumber(value);
    return found == nullptr || value == 0 ? "-" : api::json::enum_value_name(*found);
}

std::string read_file(const std::string& file, std::size_t bytes_max) {
    std::ifstream opened;
    if (file != "-") opened.open(file, std::ios::binary);
    std::istream& in = file == "-" ? std::cin : opened;
    std::string text(bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (file != "-" && !opened.is_open()))
        throw Failed(ExitCode::io, fmt::format("cannot read {}", file), "name a file that exists");
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > bytes_max)
        throw Failed(ExitCode::usage, fmt::format("{} is larger than {} bytes", file, bytes_max));
    return text;
}

}  // namespace suan::bin
