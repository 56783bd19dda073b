#include "quantum/cli/batch.hpp"

#include "quantum/cli/run_command.hpp"
#include "quantum/draw/draw.hpp"
#include "quantum/run/small.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

namespace suan::quantum {

namespace {

// A density matrix of more is too large to have one on each thread.
constexpr std::uint32_t density_qubits_max = 8;

class Batch {
public:
    Batch(const std::vector<NamedText>& files, const std::vector<BatchRun>& runs,
          const BatchOptions& options, Threads& threads)
        : files_(files), runs_(runs), options_(options), threads_(threads), errors_(runs.size()) {
        if (options.as_json) result_.documents.resize(runs.size());
        if (options.as_text) result_.texts.resize(runs.size());
    }

    Result<BatchResult> go();

private:
    RunOptions options_of(const BatchRun& run) const;
    // Small ones run at once; others wait in large_.
    void first_look(std::size_t i, SmallRunner& runner);
    void keep(std::size_t i, Result<RunResult> result);

    const std::vector<NamedText>& files_;
    const std::vector<BatchRun>& runs_;
    const BatchOptions& options_;
    Threads& threads_;
    Threads alone_{1};
    BatchResult result_;
    std::vector<std::optional<Error>> errors_;
    std::mutex mutex_;
    std::vector<std::size_t> large_;
    std::size_t done_ = 0;
};

RunOptions Batch::options_of(const BatchRun& run) const {
    RunOptions options = options_.run;
    for (const auto& [name, value] : run.inputs)
        options.inputs[name] = value;
    return options;
}

void Batch::keep(std::size_t i, Result<RunResult> result) {
    if (result) {
        if (options_.as_json) result_.documents[i] = to_json(*result, options_.top);
        if (options_.as_text) result_.texts[i] = result_text(*result, options_.top);
        if (i == 0 && options_.histogram) result_.histogram = histogram_svg(*result);
    } else {
        errors_[i] = result.error();
    }
    const std::lock_guard lock(mutex_);
    ++done_;
    if (options_.progress) options_.progress(done_, runs_.size(), files_[runs_[i].file].name);
}

void Batch::first_look(std::size_t i, SmallRunner& runner) {
    const NamedText& file = files_[runs_[i].file];
    const RunOptions options = options_of(runs_[i]);
    auto program = parse(file.name, file.text);
    if (!program) return keep(i, std::move(program).error());
    auto prepared = prepare_run(std::move(*program), options);
    if (!prepared) return keep(i, std::move(prepared).error());
    const bool large = prepared->program.qubits() >
                       (options.method == Method::density ? density_qubits_max : small_qubits_max);
    if (large) {
        const std::lock_guard lock(mutex_);
        large_.push_back(i);
        return;
    }
    Threads& threads = runs_.size() == 1 ? threads_ : alone_;
    keep(i, run_prepared(std::move(*prepared), options, threads, &runner));
}

Result<BatchResult> Batch::go() {
    std::vector<std::unique_ptr<SmallRunner>> runners;
    for (unsigned i = 0; i < threads_.count(); ++i)
        runners.push_back(std::make_unique<SmallRunner>(options_.run.isa));
    threads_.run(runs_.size(),
                 [&](unsigned worker, std::size_t i) { first_look(i, *runners[worker]); });
    std::sort(large_.begin(), large_.end());
    for (const std::size_t i : large_) {
        auto program = parse(files_[runs_[i].file].name, files_[runs_[i].file].text);
        RunOptions options = options_of(runs_[i]);
        if (runs_.size() == 1 && options_.progress)
            options.progress = [&](double part) {
                options_.progress(static_cast<std::size_t>(part * 1000), 1000, files_[0].name);
            };
        keep(i, program ? run_program(std::move(*program), options, threads_)
                        : Result<RunResult>(program.error()));
    }
    for (const auto& error : errors_)
        if (error) return *error;
    return std::move(result_);
}

}  // namespace

Result<BatchResult> run_batch(const std::vector<NamedText>& files,
                              const std::vector<BatchRun>& runs, const BatchOptions& options,
                              Threads& threads) {
    return Batch(files, runs, options, threads).go();
}

}  // namespace suan::quantum
