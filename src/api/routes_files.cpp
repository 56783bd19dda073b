// The files that a job left in its own working folder, as a list and piece by piece.
#include "api/private_job.hpp"
#include "api/routes.hpp"
#include "suan/api_files.pb.h"

#include <fmt/format.h>

namespace suan::api {
namespace {

constexpr std::uint64_t piece_bytes_default = 1 << 20;

const exec::Executor* executor_of(const Call& call, const PrivatePlan& plan) {
    return call.context->hub.executor(plan.executor);
}

// A job that has not run, or runs where no files are kept, has none.
void send_list(Call& call, const PrivatePlan& plan) {
    exec::AttemptRef of{JobId{call.request->param_u64("id")}, {}, 1};
    if (auto bad = read_attempt(*call.request, plan, of.attempt)) return call.fail(*bad);
    exec::FileList list;
    if (const exec::Executor* executor = executor_of(call, plan)) {
        auto found = executor->list_files(of);
        if (!found && found.error().code != ErrorCode::not_found)
            return call.fail(http::failure_of(found.error()));
        if (found) list = std::move(*found);
    }
    JobFileList out;
    out.set_attempt(of.attempt);
    out.set_cut(list.cut);
    out.set_left_out(list.left_out);
    for (exec::FileEntry& file : list.files) {
        JobFileView& view = *out.add_files();
        view.set_path(std::move(file.path));
        view.set_bytes(file.bytes);
        view.set_modified_us(file.modified.us);
    }
    call.answer(out);
}

// RFC 8187: everything but letters, digits, '-', '.' and '_' as %XX of its UTF-8.
std::string attachment_header(std::string_view path) {
    std::string text = "attachment; filename*=UTF-8''";
    for (const char c : path.substr(path.rfind('/') + 1)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return text;
}

std::optional<http::Failure> read_query(const http::Request& request, const PrivatePlan& plan,
                                        exec::FileQuery& query) {
    query.of.job = JobId{request.param_u64("id")};
    if (auto bad = read_attempt(request, plan, query.of.attempt)) return bad;
    query.path = std::string(request.query("path").value_or(""));
    if (query.path.empty()) return invalid("path", "must name a file of the job's list");
    query.offset = request.query_u64("offset").value_or(0);
    query.max_bytes = request.query_u64("limit_bytes").value_or(piece_bytes_default);
    if (query.max_bytes < 1 || query.max_bytes > exec::file_read_bytes_max)
        return invalid("limit_bytes", fmt::format("must be 1 to {}", exec::file_read_bytes_max));
    return std::nullopt;
}

void send_content(Call& call, const PrivatePlan& plan) {
    exec::FileQuery query;
    if (auto bad = read_query(*call.request, plan, query)) return call.fail(*bad);
    const exec::Executor* executor = executor_of(call, plan);
    if (executor == nullptr) return call.fail(not_found("this job's pool keeps no files"));
    auto chunk = executor->read_file(query);
    if (!chunk) return call.fail(http::failure_of(chunk.error()));
    http::Response response;
    response.content_type = "application/octet-stream";
    response.headers = {
        {"Content-Disposition", attachment_header(query.path)},
        {"X-File-Offset", fmt::format("{}", query.offset)},
        {"X-File-Next", fmt::format("{}", query.offset + chunk->bytes.size())},
        {"X-File-Size", fmt::format("{}", chunk->size)},
        {"X-File-Modified-Us", fmt::format("{}", chunk->modified.us)},
    };
    response.body = std::move(chunk->bytes);
    call.responder.send(std::move(response));
}

void get_files(const CallPtr& call) {
    ask_private(call, send_list);
}
void get_content(const CallPtr& call) {
    ask_private(call, send_content);
}

}  // namespace

void add_job_file_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    auto list = make_route(context,
                           {Method::get, "/v1/jobs/{id:u64}/files", "get_job_files",
                            "Files that an attempt left in its own working folder", "jobs"},
                           roles::tenants, nullptr, JobFileList::descriptor(), get_files);
    list.query = {u64_param("attempt", "default the newest")};
    router.add(std::move(list));
    auto content = make_route(context,
                              {Method::get, "/v1/jobs/{id:u64}/files/content",
                               "get_job_file_content", "A piece of one of these files", "jobs"},
                              roles::tenants, nullptr, nullptr, get_content);
    content.response_type = "application/octet-stream";
    content.query = {text_param("path", "as the list gives it"),
                     u64_param("attempt", "default the newest"), u64_param("offset", "first byte"),
                     u64_param("limit_bytes", "at most so many, default 1048576")};
    router.add(std::move(content));
}

}  // namespace suan::api
