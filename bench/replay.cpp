#include "sim/replay/replay.hpp"

#include <fmt/format.h>
#include <cstdlib>

using namespace suan;
using namespace suan::sim;
int main(int argc, char** argv) {
    ReplayOptions o;
    o.centre_file = argv[1];
    o.trace_file = argv[2];
    o.format = *trace_format_from(argv[3]);
    if (argc > 4) o.run.rules = argv[4];
    if (argc > 5) o.run.check_every = std::strtoull(argv[5], nullptr, 10);
    auto r = replay(o);
    if (!r) { fmt::print(stderr, "{}\n", r.error().context); return 1; }
    fmt::print("{}{}", to_text(*r), to_json(*r));
}
