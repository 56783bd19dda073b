// Several executors as one: an order goes to the one that its pool names (StartOrder::executor).
// It remembers nothing: stops go to all, since a stop of an unknown lease is silent; adopt asks
// all, and whoever knows the lease answers. Threads: each executor reports on its own thread, so
// the Sink given to them must take reports from several; an order for an unknown kind is answered
// on the caller's.
#pragma once

#include "exec/executor.hpp"

#include <map>
#include <memory>
#include <string>

namespace suan::exec {

class MultiExecutor final : public Executor {
public:
    // By kind: "local", "sim". `sink` is told about orders that no executor can take.
    MultiExecutor(std::map<std::string, std::unique_ptr<Executor>> executors, Sink sink);

    void start(StartOrder order) override;
    void stop(StopOrder order) override;
    Result<std::vector<Adopted>> adopt(const std::vector<LeaseRef>& known) override;
    Result<LogChunk> read_log(const LogQuery& query) const override;
    Result<FileList> list_files(const AttemptRef& of) const override;
    Result<FileChunk> read_file(const FileQuery& query) const override;
    std::string describe() const override;

private:
    std::map<std::string, std::unique_ptr<Executor>> executors_;
    Sink sink_;
};

}  // namespace suan::exec
