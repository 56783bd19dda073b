#include "exec/local/output.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace suan::exec {

Result<Output> Output::create(const StartOrder& order, const std::string& attempt) {
    Output output;
    for (std::uint32_t task = 0; task < process_count(order); ++task) {
        std::array<OutputFile, 2> names;
        for (const LogStream stream : {LogStream::out, LogStream::err}) {
            auto name = output_file(order, task, stream, attempt);
            if (!name) return std::move(name.error());
            names[stream == LogStream::out ? 0 : 1] = *name;
            if (name->discarded() || output.files_.contains(*name)) continue;
            auto fd =
                open_beneath(name->folder, name->name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
            if (!fd) return std::move(fd.error()).wrap(fmt::format("output file '{}'", name->name));
            output.files_[*name].fd = std::move(*fd);
        }
        output.names_.push_back(std::move(names));
    }
    return output;
}

Output::File* Output::file_of(const OutputFile& name) {
    return name.discarded() ? nullptr : &files_.at(name);
}

void Output::attach(std::vector<LaunchedTask>& tasks) {
    for (std::size_t task = 0; task < tasks.size(); ++task) {
        const int out = tasks[task].out.get();
        streams_[out] =
            Stream{std::move(tasks[task].out), file_of(names_[task][0]), ProgressScanner()};
        if (!tasks[task].err) continue;
        const int err = tasks[task].err.get();
        streams_[err] =
            Stream{std::move(tasks[task].err), file_of(names_[task][1]), ProgressScanner()};
    }
}

std::vector<int> Output::open_pipes() const {
    std::vector<int> pipes;
    for (const auto& [pipe, stream] : streams_)
        pipes.push_back(pipe);
    return pipes;
}

// A full disk loses output, not the job: the task goes on, and its exit code is still reported.
void Output::write(File& file, std::string_view bytes) {
    if (file.bytes >= limits::log_bytes_max) return;
    const std::uint64_t room = limits::log_bytes_max - file.bytes;
    (void)write_all(file.fd.get(), bytes.substr(0, room));
    file.bytes += bytes.size();
    if (bytes.size() > room)
        (void)write_all(file.fd.get(),
                        fmt::format("\nsuan: more than {} bytes of output, the rest is "
                                    "dropped\n",
                                    limits::log_bytes_max));
}

void Output::drain(int pipe) {
    const auto it = streams_.find(pipe);
    if (it == streams_.end()) return;
    Stream& stream = it->second;
    char buffer[64 * 1024];
    // Bounded, so that one chatty task does not starve the others.
    for (int turn = 0; turn < 16; ++turn) {
        const ssize_t n = ::read(pipe, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            streams_.erase(it);
            return;
        }
        const std::string_view bytes(buffer, static_cast<std::size_t>(n));
        if (stream.file) write(*stream.file, bytes);
        if (stream.scanner)
            if (auto mark = stream.scanner->feed(bytes, latest_)) progress_ = latest_ = *mark;
    }
}

}  // namespace suan::exec
