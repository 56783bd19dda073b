// `suan price`, part of the nouns about money.
#pragma once

#include "bin/cli.hpp"

namespace suan::bin {

void add_price_commands(Cli& cli);

}  // namespace suan::bin
