// What `suan top` shows, as text: pure.
#pragma once

#include "suan/console.pb.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace suan::bin {

struct TopShape {
    std::size_t columns = 100;  // of the screen; lines are cut there
    std::size_t rows = 0;       // of the screen; 0: as many as there are
    std::int64_t now_us = 0;
};

// Own jobs come first, then the queue without them. Every line ends with a newline.
std::string top_text(const TopView& view, const TopShape& shape);

// "[#####.....]": `width` cells between the brackets. A part that is not nothing shows.
std::string bar_text(std::int64_t part, std::int64_t whole, std::size_t width);

// At most so many cells; what is cut ends with "~". Control characters are replaced.
std::string cut(std::string_view text, std::size_t cells);

}  // namespace suan::bin
