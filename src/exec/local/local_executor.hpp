// Runs leases as processes on this machine, each under a supervisor of its own (supervisor.hpp), in
// bubblewrap where that works. Everything it knows is in files under `root` (attempt.hpp), so it
// may be destroyed or killed at any moment, and another one made on the same root adopts what runs.
// Only one hub may use a root at a time.
//
// Trust: the user's payload is hostile. It never passes a shell, its file names cannot leave the
// working folder, and in the sandbox it sees neither the hub's data nor other jobs. Without the
// sandbox (describe() says so and why) jobs can read what the hub's user can read.
#pragma once

#include "base/result.hpp"
#include "exec/executor.hpp"

#include <memory>
#include <string>
#include <vector>

namespace suan::exec {

enum class SandboxPolicy {
    when_it_works,  // probe once; without, run without and say so
    required,       // refuse every start when the probe fails
    off,
};

struct LocalOptions {
    std::string root;  // absolute; created if missing, 0711
    // The program that becomes the supervisor; the attempt's folder is added as the last argument.
    std::vector<std::string> supervisor_argv{"/proc/self/exe", "exec-supervise"};
    SandboxPolicy sandbox = SandboxPolicy::when_it_works;
    std::vector<std::string> hidden_paths;    // empty: default_hidden_paths() of sandbox.hpp
    std::vector<std::string> readable_paths;  // shown though hidden, e.g. the folder of the engines
    // Folders in which a job may ask for its working folder (Payload::working_dir), itself
    // included.
    std::vector<std::string> allowed_working_dirs;
    std::uint32_t launches_max = 8;  // supervisors being started at the same time
};

class LocalExecutor final : public Executor {
public:
    static Result<std::unique_ptr<LocalExecutor>> create(LocalOptions options, Sink sink);
    ~LocalExecutor() override;

    void start(StartOrder order) override;
    void stop(StopOrder order) override;
    Result<std::vector<Adopted>> adopt(const std::vector<LeaseRef>& known) override;
    Result<LogChunk> read_log(const LogQuery& query) const override;
    Result<FileList> list_files(const AttemptRef& of) const override;
    Result<FileChunk> read_file(const FileQuery& query) const override;
    std::string describe() const override;

private:
    class Loop;
    LocalExecutor(LocalOptions options, std::string sandbox_note, std::unique_ptr<Loop> loop);

    LocalOptions options_;
    std::string sandbox_note_;
    std::unique_ptr<Loop> loop_;
};

// A piece of an attempt's output, for callers without an executor. `root` as in LocalOptions.
Result<LogChunk> read_log(const std::string& root, const LogQuery& query);
Result<FileList> list_files(const std::string& root, const AttemptRef& of);
Result<FileChunk> read_file(const std::string& root, const FileQuery& query);

}  // namespace suan::exec
