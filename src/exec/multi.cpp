#include "exec/multi.hpp"

#include <fmt/format.h>

namespace suan::exec {

MultiExecutor::MultiExecutor(std::map<std::string, std::unique_ptr<Executor>> executors, Sink sink)
    : executors_(std::move(executors)), sink_(std::move(sink)) {}

void MultiExecutor::start(StartOrder order) {
    const auto it = executors_.find(order.executor);
    if (it != executors_.end()) return it->second->start(std::move(order));
    std::string kinds;
    for (const auto& [kind, executor] : executors_)
        kinds += (kinds.empty() ? "" : ", ") + kind;
    sink_(LeaseEnded{
        order.ref,
        Outcome::launch_failed,
        {},
        fmt::format("pool {}: executor '{}' is none of: {}", order.pool, order.executor, kinds),
        {}});
}

void MultiExecutor::stop(StopOrder order) {
    for (const auto& [kind, executor] : executors_)
        executor->stop(order);
}

Result<std::vector<Adopted>> MultiExecutor::adopt(const std::vector<LeaseRef>& known) {
    std::vector<Adopted> merged;
    for (const LeaseRef& ref : known)
        merged.push_back({ref, Found::never_started, {}});
    for (const auto& [kind, executor] : executors_) {
        auto found = executor->adopt(known);
        if (!found) return std::move(found.error()).wrap(kind);
        for (std::size_t i = 0; i < known.size(); ++i)
            if ((*found)[i].found != Found::never_started) merged[i] = (*found)[i];
    }
    return merged;
}

namespace {

// The first answer that is not "not found": the executor that holds the job may have refused for
// its own reason, which is the better answer.
template <typename Executors, typename Ask>
auto ask_each(const Executors& executors, Ask ask) -> decltype(ask(*executors.begin()->second)) {
    Error last{ErrorCode::not_found, "there is no executor"};
    for (const auto& [kind, executor] : executors) {
        auto answer = ask(*executor);
        if (answer || answer.error().code != ErrorCode::not_found) return answer;
        last = std::move(answer.error());
    }
    return last;
}

}  // namespace

Result<LogChunk> MultiExecutor::read_log(const LogQuery& query) const {
    return ask_each(executors_, [&](const Executor& one) { return one.read_log(query); });
}

Result<FileList> MultiExecutor::list_files(const AttemptRef& of) const {
    return ask_each(executors_, [&](const Executor& one) { return one.list_files(of); });
}

Result<FileChunk> MultiExecutor::read_file(const FileQuery& query) const {
    return ask_each(executors_, [&](const Executor& one) { return one.read_file(query); });
}

std::string MultiExecutor::describe() const {
    std::string text;
    for (const auto& [kind, executor] : executors_)
        text += (text.empty() ? "" : "; ") + executor->describe();
    return text;
}

}  // namespace suan::exec
