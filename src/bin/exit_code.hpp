// Exit codes of every `suan` command, and how a command ends early. docs/cli.md lists them.
#pragma once

#include <stdexcept>
#include <string>

namespace suan::bin {

enum class ExitCode : int {
    ok = 0,
    refused = 1,  // the hub or a check said no, or what was waited for failed
    usage = 2,    // the command line is wrong
    contradiction =
        3,  // the operator signed two things that contradict each other; evidence is written
    broken_log = 4,     // a log that does not follow its own rules (suan witness)
    rolled_back = 5,    // a hub that shows less of its log than before (suan witness)
    not_witnessed = 6,  // too few co-signatures (suan log verify)
    never_fits = 65,    // EX_DATAERR: no waiting will make room for the job
    unreachable = 69,   // EX_UNAVAILABLE: no hub answers there
    io = 74,            // EX_IOERR: a file cannot be read or written
    try_again = 75,     // EX_TEMPFAIL: the same command may be accepted later
    forbidden = 77,     // EX_NOPERM: no token, or not this role
};

// Ends a command with one line for the user: what is wrong, and what to do. Thrown by commands and
// caught in main only: a command line is a straight line, and CLI11, which parses it, throws too.
class Failed : public std::runtime_error {
public:
    Failed(ExitCode code, const std::string& message, std::string what_to_do = {})
        : std::runtime_error(message), code_(code), what_to_do_(std::move(what_to_do)) {}
    ExitCode code() const { return code_; }
    const std::string& what_to_do() const { return what_to_do_; }
    // The field of the request that a hub's refusal names; "" when it names none.
    const std::string& field() const { return field_; }
    Failed about(std::string field) const {
        Failed out = *this;
        out.field_ = std::move(field);
        return out;
    }

private:
    ExitCode code_;
    std::string what_to_do_;
    std::string field_;
};

}  // namespace suan::bin
