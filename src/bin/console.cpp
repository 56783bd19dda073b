// `suan console`: a link that opens the console, signed in as the caller.
#include "bin/console.hpp"

#include "bin/cli.hpp"
#include "suan/console.pb.h"

#include <fmt/format.h>

namespace suan::bin {
namespace {

SignInCode make_code(Session& session) {
    SignInCode code;
    session.call("POST", "/v1/session/code", nullptr, &code);
    return code;
}

struct NoOptions {};

ExitCode show_link(Cli& cli, NoOptions&) {
    Session session = Session::open(cli.hub);
    const SignInCode code = make_code(session);
    put_result(cli, code, fmt::format("{}{}\n", session.url(), code.path()));
    return ExitCode::ok;
}

}  // namespace

std::string sign_in_link(const std::string& hub_url, const std::filesystem::path& token_file) {
    HubOptions options;
    options.url = hub_url;
    options.token_file = token_file.string();
    Session session = Session::open(options);
    return hub_url + make_code(session).path();
}

void add_console_command(Cli& cli) {
    add_verb(cli, cli.app, "console",
             "Print a link that opens the console signed in as you (good once, ten minutes)",
             std::make_shared<NoOptions>(), show_link);
}

}  // namespace suan::bin
