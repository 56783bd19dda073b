// The trace formats by name, for `suan sim replay --format NAME`.
#pragma once

#include "base/result.hpp"
#include "sim/traces/input.hpp"
#include "sim/traces/trace.hpp"

#include <optional>
#include <string_view>

namespace suan::sim {

enum class TraceFormat : std::uint8_t { philly, openb, swf, csv, muri, chronus };

// "philly", "openb", ...; nothing for another text.
std::optional<TraceFormat> trace_format_from(std::string_view name);
inline constexpr std::string_view trace_format_names = "philly, openb, swf, csv, muri, chronus";

// Reads with the format's default rules. Its own header has the others.
Result<Trace> read_trace(TraceFormat format, Input input, const ReadOptions& options = {});

}  // namespace suan::sim
