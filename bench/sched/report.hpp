// The chapters of `bench sched`: each reads its trace and gives its rows.
#pragma once

#include "../rows.hpp"
#include "base/result.hpp"

#include <span>
#include <string>
#include <vector>

namespace suan::contest {

struct Chapter {
    const char* name;
    // `traces`: the folder that holds muri-philly64 and the others.
    Result<std::vector<bench::Row>> (*rows)(const std::string& traces);
};
std::span<const Chapter> chapters();

}  // namespace suan::contest
