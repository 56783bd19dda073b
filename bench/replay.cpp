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
    if (std::getenv("WINDOW")) { o.read.from_us = 1506816000LL*1000000; o.read.to_us = 1512086340LL*1000000; o.read.orgs = {"6214e9","7f04ca","11cb48","b436b2","ee9e8c","e13805","6c71a0","2869ce","ed69ec","103959","0e4a51"}; }
    auto r = replay(o);
    if (!r) { fmt::print(stderr, "{}\n", r.error().context); return 1; }
    fmt::print("{}{}", to_text(*r), to_json(*r));
}
