// Many programs, or many points of a sweep, in one task: small ones side by side, one on each
// thread; large ones one after the other, each on all threads. Results keep the order of the runs
// and do not depend on the number of threads.
#pragma once

#include "quantum/run/run.hpp"

#include <string>
#include <vector>

namespace suan::quantum {

struct BatchRun {
    std::size_t file = 0;
    std::map<std::string, double, std::less<>> inputs;  // beside those of the options
};

struct BatchOptions {
    RunOptions run;
    std::size_t top = 0;
    bool as_json = true;     // make documents
    bool as_text = false;    // make texts for people
    bool histogram = false;  // of the first run
    std::function<void(std::size_t done, std::size_t all, const std::string& name)> progress;
};

struct BatchResult {
    std::vector<std::string> documents;  // of each run, as asked for
    std::vector<std::string> texts;
    std::string histogram;  // SVG
};

struct NamedText {
    std::string name;
    std::string text;
};

// The error is the first run's, in their order, that failed.
Result<BatchResult> run_batch(const std::vector<NamedText>& files,
                              const std::vector<BatchRun>& runs, const BatchOptions& options,
                              Threads& threads);

}  // namespace suan::quantum
