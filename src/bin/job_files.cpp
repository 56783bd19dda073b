#include "bin/job_files.hpp"

#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

constexpr std::uint64_t piece_bytes = 4 << 20;

std::string target(const FileOptions& options, std::string_view what, std::string_view path,
                   std::uint64_t offset) {
    Query query(fmt::format("/v1/jobs/{}/{}", options.job, what));
    if (options.attempt != 0) query.add("attempt", std::to_string(options.attempt));
    if (path.empty()) return query.text();
    query.add("path", path);
    query.add("offset", std::to_string(offset)).add("limit_bytes", std::to_string(piece_bytes));
    return query.text();
}

template <typename Sink>
void read_pieces(Session& session, const FileOptions& options, std::string_view path, Sink sink) {
    std::uint64_t offset = 0;
    std::string version;
    while (true) {
        const auto answer = session.raw(target(options, "files/content", path, offset));
        const std::string size(answer.header("x-file-size").value_or(""));
        const std::string now =
            fmt::format("{} {}", size, answer.header("x-file-modified-us").value_or(""));
        if (offset != 0 && now != version)
            throw Failed(ExitCode::try_again, fmt::format("{} changed while it was read", path),
                         "fetch it again, when the job has ended");
        version = now;
        sink(answer.body);
        offset += answer.body.size();
        const auto whole = parse_number(size);
        if (!whole || answer.body.empty() || offset >= *whole) return;
    }
}

}  // namespace

JobFileList list_files(Session& session, const FileOptions& options) {
    return session.get<JobFileList>(target(options, "files", "", 0));
}

std::string files_text(const JobFileList& list) {
    Table table({{"BYTES", Align::right}, {"MODIFIED"}, {"PATH"}});
    for (const JobFileView& file : list.files())
        table.row(
            {std::to_string(file.bytes()), time_text(file.modified_us()), printable(file.path())});
    std::string text =
        list.files().empty() ? "No files in its own working folder.\n" : table.text();
    if (list.cut()) text += "There are more: the list is cut.\n";
    if (list.left_out() != 0)
        text +=
            fmt::format("{} names are not offered: links, pipes or not UTF-8.\n", list.left_out());
    return text;
}

void fetch_file(Session& session, const FileOptions& options, std::string_view path,
                const std::string& output) {
    if (output == "-") return read_pieces(session, options, path, put);
    WholeFile file(output, 0644);
    read_pieces(session, options, path, [&](std::string_view piece) { file.write(piece); });
    file.commit();
}

}  // namespace suan::bin
