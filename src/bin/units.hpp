// Quantities as people write them, to whole numbers and back. Nothing is rounded: what does not
// come out even is an error. Errors are `invalid` and say which forms are right.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin {

// Decimal digits only, no sign or blank.
std::optional<std::uint64_t> parse_number(std::string_view text);

// "90s", "45m", "1h30m", "2d", "250ms", "01:30:00", "30:00" (min:s), or a number of seconds.
Result<Duration> parse_duration(std::string_view text);

// Slurm's: minutes, min:s, h:min:s, days-h, days-h:min, days-h:min:s. nullopt: no limit ("0",
// "UNLIMITED", "INFINITE", "-1").
Result<std::optional<Duration>> parse_slurm_time(std::string_view text);

// "512", "512M", "4G", "1T" (powers of 1024, an i or B may follow). Without a letter, the number
// counts `unit_bytes`.
Result<std::uint64_t> parse_bytes(std::string_view text, std::uint64_t unit_bytes);

// "1200", "1,200.50", "0.000001", "-3": yuan, at most 6 places.
Result<std::int64_t> parse_yuan(std::string_view text);

// "2026-12-01", "2026-12-01T08:30[:00]" (local time), with Z or +08:00, or "now+90m".
Result<Time> parse_time(std::string_view text, Time now);

// "0-19%4", "1,3,5-9:2".
struct IndexList {
    std::vector<std::uint32_t> indices;  // rising, no two alike
    std::uint32_t running_max = 0;       // 0: no bound
};
Result<IndexList> parse_indices(std::string_view text);

// "1,234.50": at least two places, up to six, every digit that is there.
std::string yuan_text(std::int64_t micro_yuan);
// "12,345"
std::string count_text(std::int64_t n);
// "2026-11-22 12:40:27 CST"; "-" for 0.
std::string time_text(std::int64_t us);
// "1d 02:03:04", "00:00:07"; "-" for a negative span.
std::string span_text(std::int64_t ms);
// Milli-devices: "8", "0.5".
std::string devices_text(std::int64_t milli);
// Milli-device milliseconds as device hours with four places cut off, not rounded: "12.0034".
std::string device_hours_text(std::int64_t milli_device_ms);

}  // namespace suan::bin
