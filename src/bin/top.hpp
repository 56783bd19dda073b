// `suan top`: the centre live in a terminal. What it shows is top_view.hpp's.
#pragma once

namespace suan::bin {

struct Cli;
void add_top_command(Cli& cli);

}  // namespace suan::bin
