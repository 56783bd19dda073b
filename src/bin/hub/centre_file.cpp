#include "bin/hub/centre_file.hpp"

#include "bin/exit_code.hpp"
#include "bin/files.hpp"
#include "crypto/sm3.hpp"
#include "sim/centre/centre.hpp"

#include <fmt/format.h>

#include <future>

namespace suan::bin {
namespace {

Error error_of(const runtime::Answer& answer, const Command& command) {
    const auto* kind = command.GetReflection()->GetOneofFieldDescriptor(
        command, command.GetDescriptor()->oneof_decl(0));
    if (const auto* rejection = std::get_if<core::Rejection>(&answer))
        return Error{
            ErrorCode::invalid,
            fmt::format("{}: {}{}{}", kind == nullptr ? "command" : kind->name(), rejection->field,
                        rejection->field.empty() ? "" : ": ", rejection->message)};
    if (const auto* away = std::get_if<runtime::Unavailable>(&answer))
        return Error{ErrorCode::unavailable, away->message};
    return Error{ErrorCode::internal, "the hub does not know its own system"};
}

// All in one group, and nobody else is served yet: the ids come out as planned.
Result<void> submit_all(runtime::Hub& hub, const std::vector<Command>& commands) {
    std::vector<runtime::Request> requests;
    for (const Command& command : commands)
        requests.push_back({runtime::System{}, command, {}, {}});
    std::promise<std::vector<runtime::Answer>> promise;
    hub.submit_many(std::move(requests),
                    [&](std::vector<runtime::Answer>&& answers) { promise.set_value(answers); });
    const std::vector<runtime::Answer> answers = promise.get_future().get();
    for (std::size_t i = 0; i < answers.size(); ++i)
        if (!std::holds_alternative<runtime::Accepted>(answers[i]))
            return error_of(answers[i], commands[i]);
    return {};
}

Result<void> read_state(runtime::Hub& hub, const std::function<void(const core::State&)>& read) {
    std::promise<runtime::QueryEnd> promise;
    hub.query(
        runtime::System{}, [&](const core::State& state, const Actor&) { read(state); },
        [&](runtime::QueryEnd end) { promise.set_value(end); });
    if (promise.get_future().get() != runtime::QueryEnd::answered)
        return Error{ErrorCode::unavailable, "the hub does not answer"};
    return {};
}

Hash256 save_new_token(const DataFolder& folder, const std::string& org,
                       const std::string& member) {
    const std::string token = new_token();
    write_secret_file(folder.token(org, member), token + "\n");
    return crypto::sm3(token);
}

Error contradiction_error(const std::string& file,
                          const std::vector<sim::Contradiction>& contradictions) {
    std::string text = "the centre file contradicts the running centre, and nothing was changed";
    for (const sim::Contradiction& c : contradictions)
        text += fmt::format("\n  {}:{}:{}: {}: {}", file, c.mark.line, c.mark.column, c.field,
                            c.message);
    return Error{ErrorCode::invalid, text};
}

}  // namespace

Result<CentreApplied> apply_centre_file(runtime::Hub& hub, const DataFolder& folder,
                                        const std::string& file) try {
    auto centre = sim::read_centre(file);
    if (!centre) return std::move(centre).error();
    sim::PlanOptions options;
    options.token_sm3 = [&](std::string_view org, std::string_view member) {
        return save_new_token(folder, std::string(org), std::string(member));
    };
    sim::CentrePlan plan;
    if (auto read = read_state(
            hub, [&](const core::State& state) { plan = sim::plan(state, *centre, options); });
        !read)
        return std::move(read).error();
    if (!plan.contradictions.empty()) return contradiction_error(file, plan.contradictions);
    if (plan.commands.empty()) return CentreApplied{};
    if (auto done = submit_all(hub, plan.commands); !done)
        return std::move(done).error().wrap(file);
    return CentreApplied{plan.commands.size()};
} catch (const Failed& failed) {
    return Error{ErrorCode::io, failed.what()};
}

Result<bool> ensure_operator(runtime::Hub& hub, const DataFolder& folder) try {
    bool found = false;
    if (auto read =
            read_state(hub,
                       [&](const core::State& state) {
                           state.members.for_each([&](std::uint64_t, const core::Member& member) {
                               found = found || member.role == ROLE_OPERATOR;
                           });
                       });
        !read)
        return std::move(read).error();
    if (found) return false;
    Command command;
    CreateMember& create = *command.mutable_create_member();
    create.set_name("operator");
    create.set_role(ROLE_OPERATOR);
    const Hash256 hash = save_new_token(folder, "", "operator");
    create.set_token_sm3(hash.data(), hash.size());
    if (auto done = submit_all(hub, {command}); !done) return std::move(done).error();
    return true;
} catch (const Failed& failed) {
    return Error{ErrorCode::io, failed.what()};
}

}  // namespace suan::bin
