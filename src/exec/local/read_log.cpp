#include "base/limits.hpp"
#include "exec/local/attempt.hpp"
#include "exec/local/environment.hpp"
#include "exec/local/local_executor.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace suan::exec {

// The name comes from the order, the file is opened beneath its folder without following links: a
// job that replaces its output by a link to another tenant's file gets a refusal, not that file.
Result<LogChunk> read_log(const std::string& root, const LogQuery& query) {
    const std::string attempt =
        attempt_folder(root, LeaseRef{query.job, LeaseId(), query.attempt, query.array_index});
    auto text = read_file(attempt + "/order");
    if (!text)
        return Error{ErrorCode::not_found,
                     fmt::format("job {} has no attempt {} here", query.job.value, query.attempt)};
    auto order = decode_order(*text);
    if (!order) return std::move(order.error()).wrap(attempt + "/order");
    if (query.task >= process_count(order->start))
        return Error{ErrorCode::not_found,
                     fmt::format("task {} has no output of its own: the job has "
                                 "{} processes, counted from 0",
                                 query.task, process_count(order->start))};
    const auto name = output_file(order->start, query.task, query.stream, attempt);
    if (!name) return name.error();
    if (name->discarded()) return Error{ErrorCode::not_found, "the output went to /dev/null"};
    auto fd = open_beneath(name->folder, name->name, O_RDONLY);
    if (!fd) return std::move(fd.error());
    struct stat info = {};
    if (::fstat(fd->get(), &info) != 0) return os_error("stat the log", errno);
    LogChunk chunk;
    chunk.size = static_cast<std::uint64_t>(info.st_size);
    if (query.offset >= chunk.size) return chunk;
    const std::uint64_t want = std::min(query.max_bytes, limits::log_read_bytes_max);
    auto bytes = read_at(fd->get(), query.offset, std::min(want, chunk.size - query.offset));
    if (!bytes) return std::move(bytes.error());
    chunk.bytes = std::move(*bytes);
    return chunk;
}

}  // namespace suan::exec
