// How large an elastic job runs, in words: the question `suan job why` asks of a running job.
#pragma once

#include "core/state.hpp"

#include <string>

namespace suan::core {

// Takes tasks_min to tasks_max tasks.
bool is_elastic(const Job& job);

struct ElasticText {
    std::uint32_t tasks = 0;
    std::uint32_t grows_to = 0;  // == tasks: it cannot now
    std::string code;            // what keeps it from growing; empty: nothing (ElasticView.code)
    std::string message;         // one sentence
};
// Of a job that runs.
ElasticText elastic_text(const State& state, const Job& job);

}  // namespace suan::core
