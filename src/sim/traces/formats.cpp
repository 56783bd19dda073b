#include "sim/traces/formats.hpp"

#include "base/assert.hpp"
#include "sim/traces/chronus.hpp"
#include "sim/traces/muri.hpp"
#include "sim/traces/openb.hpp"
#include "sim/traces/philly.hpp"
#include "sim/traces/suan_csv.hpp"
#include "sim/traces/swf.hpp"

#include <array>
#include <utility>

namespace suan::sim {

std::optional<TraceFormat> trace_format_from(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, TraceFormat>, 6> names{{
        {"philly", TraceFormat::philly},
        {"openb", TraceFormat::openb},
        {"swf", TraceFormat::swf},
        {"csv", TraceFormat::csv},
        {"muri", TraceFormat::muri},
        {"chronus", TraceFormat::chronus},
    }};
    for (const auto& [known, format] : names) {
        if (known == name) return format;
    }
    return std::nullopt;
}

Result<Trace> read_trace(TraceFormat format, Input input, const ReadOptions& options) {
    switch (format) {
        case TraceFormat::philly:
            return read_philly(std::move(input), options);
        case TraceFormat::openb:
            return read_openb(std::move(input), options);
        case TraceFormat::swf:
            return read_swf(std::move(input), SwfOptions{.common = options});
        case TraceFormat::csv:
            return read_suan_csv(std::move(input), options);
        case TraceFormat::muri:
            return read_muri(std::move(input), options);
        case TraceFormat::chronus:
            return read_chronus(std::move(input), options);
    }
    SUAN_ASSERT(!"a TraceFormat outside its enum");
    return Error{};
}

}  // namespace suan::sim
