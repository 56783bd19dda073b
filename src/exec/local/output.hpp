// The output files of a lease, fed from the tasks' pipes by its supervisor.
#pragma once

#include "base/result.hpp"
#include "exec/local/attempt.hpp"
#include "exec/local/environment.hpp"
#include "exec/local/launch.hpp"
#include "exec/local/progress.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace suan::exec {

class Output {
public:
    // Creates the files; tasks that name the same file share it. The error names the file.
    static Result<Output> create(const StartOrder& order, const std::string& attempt);

    // Takes over the pipes.
    void attach(std::vector<LaunchedTask>& tasks);

    // The descriptors that still have a writer.
    std::vector<int> open_pipes() const;
    // Copies what is there now; an ended pipe is closed. Every file gets at most
    // limits::log_bytes_max, then one line that says so.
    void drain(int pipe);

    // The latest mark not yet taken.
    std::optional<ProgressMark> take_progress() { return std::exchange(progress_, std::nullopt); }

private:
    struct File {
        Fd fd;
        std::uint64_t bytes = 0;
    };
    struct Stream {
        Fd pipe;
        File* file = nullptr;  // none: discarded
        std::optional<ProgressScanner> scanner;
    };

    File* file_of(const OutputFile& name);
    void write(File& file, std::string_view bytes);

    std::map<OutputFile, File> files_;
    std::vector<std::array<OutputFile, 2>> names_;  // by task: out, err
    std::map<int, Stream> streams_;                 // by the number of the pipe
    std::optional<ProgressMark> progress_;
    ProgressMark latest_;  // of all streams: what the next mark adds to
};

}  // namespace suan::exec
