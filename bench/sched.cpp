// links: suan_contest
// The scheduler on recorded workloads, against the policies that it is compared with, all in one
// simulator (bench/sched/). First what shows that the simulator is right, then the bars.
// Usage: ./dev bench sched [--json] [--only NAME]; names: muri, philly, openb, suan, shape,
// chronus. Traces: $SUAN_SHARED, else ../shared.
#include "report.hpp"
#include "rows.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
    using namespace suan;
    std::string only;
    bool json = false;
    bool tiny = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--json") == 0) json = true;
        if (std::strcmp(argv[i], "--tiny") == 0) tiny = true;
        if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc) only = argv[++i];
    }
    const char* shared = std::getenv("SUAN_SHARED");
    const std::string traces = std::string(shared != nullptr ? shared : "../shared") + "/traces";
    std::vector<bench::Row> rows;
    for (const contest::Chapter& chapter : contest::chapters()) {
        if (!only.empty() && only != chapter.name) continue;
        if (tiny && only.empty() && chapter.name != std::string("philly")) continue;
        auto made = chapter.rows(traces);
        if (!made) {
            std::fprintf(stderr, "bench sched: %s: %s\n", chapter.name,
                         made.error().context.c_str());
            return 1;
        }
        rows.insert(rows.end(), made->begin(), made->end());
    }
    if (rows.empty()) {
        std::fprintf(stderr, "bench sched: no chapter '%s'\n", only.c_str());
        return 64;
    }
    json ? bench::print_json(rows) : bench::print_text(rows);
    return 0;
}
