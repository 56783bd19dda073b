#include "exec/local/check_order.hpp"

#include "base/limits.hpp"
#include "exec/local/attempt.hpp"

#include <fmt/format.h>

#include <stdlib.h>

#include <memory>

namespace suan::exec {

namespace {

Error invalid(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

bool has_zero(const std::string& text) {
    return text.find('\0') != std::string::npos;
}

Result<void> check_tasks(const StartOrder& order) {
    if (order.tasks.empty()) return invalid("tasks: expected at least one");
    if (process_count(order) > limits::local_tasks_max)
        return invalid(fmt::format("tasks: {} processes, the local executor starts at most {}",
                                   process_count(order), limits::local_tasks_max));
    for (std::size_t i = 0; i < order.tasks.size(); ++i)
        if (order.tasks[i].task != i)
            return invalid(
                fmt::format("tasks[{}].task: expected {}, found {}", i, i, order.tasks[i].task));
    return {};
}

Result<void> check_environment(const Payload& payload) {
    if (payload.environment.size() > limits::environment_variables_max)
        return invalid(fmt::format("environment: {} variables, at most {}",
                                   payload.environment.size(), limits::environment_variables_max));
    for (const auto& [name, value] : payload.environment) {
        if (name.empty() || has_zero(name) || name.find('=') != std::string::npos)
            return invalid("environment: a name is empty or holds '=' or a zero byte");
        if (has_zero(value)) return invalid(fmt::format("environment.{}: holds a zero byte", name));
    }
    return {};
}

Result<void> check_payload(const Payload& payload) {
    if (payload.script.empty() && payload.argv.empty())
        return invalid("payload: expected a script or argv");
    if (!payload.script.empty() && !payload.script.starts_with("#!"))
        return invalid(
            "script: the first line must begin with #! and name an interpreter, e.g. "
            "#!/bin/bash");
    std::size_t bytes = payload.script.size();
    for (const std::string& word : payload.argv) {
        if (has_zero(word)) return invalid("argv: holds a zero byte");
        bytes += word.size();
    }
    if (payload.script.empty() && payload.argv[0].empty()) return invalid("argv[0]: is empty");
    for (const auto& [name, value] : payload.environment)
        bytes += name.size() + value.size();
    if (bytes > limits::payload_bytes_max)
        return invalid(
            fmt::format("payload: {} bytes, at most {}", bytes, limits::payload_bytes_max));
    return check_environment(payload);
}

// The path must already be its own real path: with a link in it, what was checked now and what is
// opened later could differ.
Result<void> check_working_dir(const std::string& path, const std::vector<std::string>& allowed) {
    if (path.empty()) return {};
    if (path[0] != '/' || has_zero(path)) return invalid("working_dir: expected an absolute path");
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
    if (!real) return invalid(fmt::format("working_dir: {} is not there", path));
    if (path != real.get())
        return invalid(fmt::format("working_dir: expected the real path {}", real.get()));
    for (const std::string& folder : allowed)
        if (path == folder || path.starts_with(folder + "/")) return {};
    return Error{
        ErrorCode::forbidden,
        fmt::format("working_dir: {} is in none of the folders that this centre allows ({})", path,
                    fmt::join(allowed, ", "))};
}

}  // namespace

Result<void> check_order(const StartOrder& order, const std::vector<std::string>& allowed_dirs) {
    if (auto ok = check_tasks(order); !ok) return ok;
    if (auto ok = check_payload(order.payload); !ok) return ok;
    return check_working_dir(order.payload.working_dir, allowed_dirs);
}

}  // namespace suan::exec
