// SVG drawings of plans: step time against devices, and where the time goes.
#pragma once

#include "train/quote.hpp"

#include <string>
#include <vector>

namespace suan::train {

// One quote for each number of devices, in rising order of devices.
std::string plot_svg(const std::string& title, const std::vector<Quote>& quotes);

}  // namespace suan::train
