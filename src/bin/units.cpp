#include "bin/units.hpp"

#include "base/limits.hpp"
#include "base/money.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace suan::bin {
namespace {

constexpr std::int64_t second_us = 1'000'000;

Error bad(std::string_view text, std::string_view want) {
    return Error{ErrorCode::invalid, fmt::format("\"{}\" is not {}", text.substr(0, 80), want)};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

// A number of at most nine digits: sums and products of a few stay within 64 bits.
std::optional<std::int64_t> small_number(std::string_view text) {
    if (text.empty() || text.size() > 9) return std::nullopt;
    const auto n = parse_number(text);
    if (!n) return std::nullopt;
    return static_cast<std::int64_t>(*n);
}

// Fields of 60 from the right: "1:02:03" with `first_s` the worth of the leftmost.
std::optional<std::int64_t> clock_seconds(std::string_view text, std::int64_t first_s) {
    std::int64_t seconds = 0;
    for (const std::string_view part : split(text, ':')) {
        const auto n = small_number(part);
        if (!n || first_s < 1) return std::nullopt;
        seconds += *n * first_s;
        first_s /= 60;
    }
    return seconds;
}

std::optional<std::int64_t> unit_us(std::string_view unit) {
    if (unit == "ms") return 1'000;
    if (unit == "s") return second_us;
    if (unit == "m" || unit == "min") return 60 * second_us;
    if (unit == "h") return 3'600 * second_us;
    if (unit == "d") return 86'400 * second_us;
    return std::nullopt;
}

// "1h30m", units falling.
std::optional<std::int64_t> worded_us(std::string_view text) {
    std::int64_t total = 0;
    std::int64_t last_unit = INT64_MAX;
    while (!text.empty()) {
        const auto digits = static_cast<std::size_t>(
            std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
        const auto n = small_number(text.substr(0, digits));
        text.remove_prefix(digits);
        const auto letters = static_cast<std::size_t>(
            std::find_if(text.begin(), text.end(), is_digit) - text.begin());
        const auto unit = unit_us(text.substr(0, letters));
        if (!n || !unit || *unit >= last_unit || *n > limits::walltime_us_max / *unit + 1)
            return std::nullopt;
        text.remove_prefix(letters);
        total += *n * *unit;
        last_unit = *unit;
    }
    return total;
}

std::optional<std::int64_t> slurm_seconds(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash != std::string_view::npos) {
        const auto days = small_number(text.substr(0, dash));
        const std::string_view rest = text.substr(dash + 1);
        if (!days || std::count(rest.begin(), rest.end(), ':') > 2) return std::nullopt;
        const auto in_day = clock_seconds(rest, 3'600);
        if (!in_day) return std::nullopt;
        return *days * 86'400 + *in_day;
    }
    const auto colons = std::count(text.begin(), text.end(), ':');
    if (colons > 2) return std::nullopt;
    return clock_seconds(text, colons == 2 ? 3'600 : 60);
}

// "08:30", "08:30:05" as seconds of the day.
std::optional<std::int64_t> time_of_day(std::string_view text) {
    const auto parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
    std::int64_t fields[3] = {};
    constexpr std::int64_t max[3] = {23, 59, 59};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto n = small_number(parts[i]);
        if (!n || parts[i].size() > 2 || *n > max[i]) return std::nullopt;
        fields[i] = *n;
    }
    return fields[0] * 3'600 + fields[1] * 60 + fields[2];
}

struct Zone {
    bool local = true;
    std::int64_t offset_s = 0;
};

// Takes "Z" or "+08:00" off the end of a time of day.
std::optional<Zone> take_zone(std::string_view& text) {
    if (text.ends_with('Z')) {
        text.remove_suffix(1);
        return Zone{false, 0};
    }
    const std::size_t sign = text.find_last_of("+-");
    if (sign == std::string_view::npos) return Zone{};
    const auto offset = time_of_day(text.substr(sign + 1));
    if (!offset) return std::nullopt;
    const Zone zone{false, text[sign] == '+' ? *offset : -*offset};
    text = text.substr(0, sign);
    return zone;
}

std::optional<Time> date_time(std::string_view text) {
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = small_number(text.substr(0, 4));
    const auto month = small_number(text.substr(5, 2));
    const auto day = small_number(text.substr(8, 2));
    if (!year || !month || !day || *year < 1970 || *month < 1 || *month > 12 || *day < 1 ||
        *day > 31)
        return std::nullopt;
    std::string_view rest = text.substr(10);
    Zone zone;
    std::int64_t in_day = 0;
    if (!rest.empty()) {
        if (rest[0] != 'T' && rest[0] != ' ') return std::nullopt;
        rest.remove_prefix(1);
        const auto read_zone = take_zone(rest);
        const auto of_day = time_of_day(rest);
        if (!read_zone || !of_day) return std::nullopt;
        zone = *read_zone;
        in_day = *of_day;
    }
    std::tm tm{};
    tm.tm_year = static_cast<int>(*year) - 1900;
    tm.tm_mon = static_cast<int>(*month) - 1;
    tm.tm_mday = static_cast<int>(*day);
    tm.tm_hour = static_cast<int>(in_day / 3'600);
    tm.tm_min = static_cast<int>(in_day / 60 % 60);
    tm.tm_sec = static_cast<int>(in_day % 60);
    tm.tm_isdst = -1;
    const std::int64_t seconds =
        zone.local ? std::int64_t{std::mktime(&tm)} : std::int64_t{timegm(&tm)} - zone.offset_s;
    if (tm.tm_mday != *day || seconds < 0) return std::nullopt;  // the 30th of February
    return Time{seconds * second_us};
}

Result<void> add_range(std::string_view part, std::vector<std::uint32_t>& out) {
    constexpr std::string_view want = "an index, a range a-b, or a range with a step a-b:s";
    std::string_view range = part;
    std::uint64_t step = 1;
    if (const std::size_t colon = part.find(':'); colon != std::string_view::npos) {
        const auto n = small_number(part.substr(colon + 1));
        if (!n || *n < 1) return bad(part, want);
        step = static_cast<std::uint64_t>(*n);
        range = part.substr(0, colon);
    }
    const std::size_t dash = range.find('-');
    const auto first = small_number(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : small_number(range.substr(dash + 1));
    if (!first || !last || *last < *first || (dash == std::string_view::npos && step != 1))
        return bad(part, want);
    for (auto i = static_cast<std::uint64_t>(*first); i <= static_cast<std::uint64_t>(*last);
         i += step) {
        if (out.size() > limits::array_size_max)
            return Error{ErrorCode::exhausted,
                         fmt::format("an array has at most {} indices", limits::array_size_max)};
        out.push_back(static_cast<std::uint32_t>(i));
    }
    return {};
}

std::string grouped(std::uint64_t n) {
    std::string digits = std::to_string(n);
    for (std::size_t at = digits.size(); at > 3;)
        digits.insert(at -= 3, ",");
    return digits;
}

std::uint64_t magnitude(std::int64_t n) {
    return n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
    if (text.empty() || text.size() > 19 || !std::all_of(text.begin(), text.end(), is_digit))
        return std::nullopt;
    std::uint64_t n = 0;
    for (const char c : text)
        n = n * 10 + static_cast<std::uint64_t>(c - '0');
    return n;
}

Result<Duration> parse_duration(std::string_view text) {
    const Error error = bad(text, "a span of time: write 90s, 45m, 1h30m, 2d or 01:30:00");
    std::optional<std::int64_t> us;
    const auto colons = std::count(text.begin(), text.end(), ':');
    if (colons == 1 || colons == 2) {
        us = clock_seconds(text, colons == 2 ? 3'600 : 60);
        if (us) us = *us * second_us;
    } else if (const auto seconds = small_number(text)) {
        us = *seconds * second_us;
    } else if (!text.empty() && colons == 0) {
        us = worded_us(text);
    }
    if (!us) return error;
    if (*us > limits::walltime_us_max) return bad(text, "at most 366 days");
    return Duration{*us};
}

Result<std::optional<Duration>> parse_slurm_time(std::string_view text) {
    if (text == "0" || text == "-1" || text == "UNLIMITED" || text == "INFINITE" ||
        text == "unlimited" || text == "infinite")
        return std::optional<Duration>{};
    const auto seconds = slurm_seconds(text);
    if (!seconds || *seconds == 0)
        return bad(text,
                   "a time limit: write minutes, min:s, h:min:s, days-h, days-h:min or "
                   "days-h:min:s");
    if (*seconds > limits::walltime_us_max / second_us) return bad(text, "at most 366 days");
    return std::optional<Duration>{Duration::seconds(*seconds)};
}

Result<std::uint64_t> parse_bytes(std::string_view text, std::uint64_t unit_bytes) {
    const Error error = bad(text, "a size: write 512M, 4G or 1T");
    const auto digits = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    const auto n = small_number(text.substr(0, digits));
    std::string_view letters = text.substr(digits);
    if (!n) return error;
    if (letters.empty()) return static_cast<std::uint64_t>(*n) * unit_bytes;
    const std::string_view units = "KMGT";
    const char upper = static_cast<char>(letters[0] >= 'a' ? letters[0] - 32 : letters[0]);
    const std::size_t power = units.find(upper);
    if (power == std::string_view::npos) return error;
    letters.remove_prefix(1);
    if (!letters.empty() && letters != "B" && letters != "iB" && letters != "i") return error;
    const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
    const auto count = static_cast<std::uint64_t>(*n);
    if (count > (std::uint64_t{1} << 60) >> shift) return error;
    return count << shift;
}

Result<std::int64_t> parse_yuan(std::string_view text) {
    const Error error = bad(text, "an amount in yuan: write 1200 or 0.35 (at most 6 places)");
    std::string plain(text);
    std::erase(plain, ',');
    std::string_view rest = plain;
    const bool negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    const std::size_t dot = rest.find('.');
    const std::string_view whole = rest.substr(0, dot);
    std::string places(dot == std::string_view::npos ? "" : rest.substr(dot + 1));
    if (whole.empty() || whole.size() > 10 || places.size() > 6) return error;
    if (dot != std::string_view::npos && places.empty()) return error;
    places.resize(6, '0');
    const auto yuan = parse_number(whole);
    const auto micro = parse_number(places);
    if (!yuan || !micro) return error;
    const auto total = static_cast<std::int64_t>(*yuan * 1'000'000 + *micro);
    if (total > limits::money_max)
        return bad(text, fmt::format("at most {} yuan", limits::money_max / 1'000'000));
    return negative ? -total : total;
}

Result<Time> parse_time(std::string_view text, Time now) {
    if (text == "now") return now;
    if (text.starts_with("now+")) {
        auto span = parse_duration(text.substr(4));
        if (!span) return std::move(span).error();
        return now + *span;
    }
    if (const auto time = date_time(text)) return *time;
    return bad(text, "a time: write 2026-12-01, 2026-12-01T08:30:00, the same with Z, or now+90m");
}

Result<IndexList> parse_indices(std::string_view text) {
    IndexList list;
    if (const std::size_t percent = text.find('%'); percent != std::string_view::npos) {
        const auto n = small_number(text.substr(percent + 1));
        if (!n || *n < 1) return bad(text, "indices with a whole number from 1 up after %");
        list.running_max = static_cast<std::uint32_t>(*n);
        text = text.substr(0, percent);
    }
    for (const std::string_view part : split(text, ','))
        if (auto added = add_range(part, list.indices); !added) return std::move(added).error();
    std::sort(list.indices.begin(), list.indices.end());
    if (const auto twice = std::adjacent_find(list.indices.begin(), list.indices.end());
        twice != list.indices.end())
        return Error{ErrorCode::invalid, fmt::format("index {} is named twice", *twice)};
    if (list.indices.size() > limits::array_size_max)
        return Error{ErrorCode::exhausted,
                     fmt::format("an array has at most {} indices", limits::array_size_max)};
    return list;
}

std::string yuan_text(std::int64_t micro_yuan) {
    const std::uint64_t n = magnitude(micro_yuan);
    std::string places = fmt::format("{:06}", n % 1'000'000);
    while (places.size() > 2 && places.back() == '0')
        places.pop_back();
    return fmt::format("{}{}.{}", micro_yuan < 0 ? "-" : "", grouped(n / 1'000'000), places);
}

std::string count_text(std::int64_t n) {
    return (n < 0 ? "-" : "") + grouped(magnitude(n));
}

std::string time_text(std::int64_t us) {
    if (us <= 0) return "-";
    const auto seconds = static_cast<std::time_t>(us / second_us);
    std::tm tm{};
    localtime_r(&seconds, &tm);
    char buffer[64];
    const std::size_t size = std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S %Z", &tm);
    return std::string(buffer, size);
}

std::string span_text(std::int64_t ms) {
    if (ms < 0) return "-";
    const std::int64_t s = ms / 1'000;
    const std::string clock = fmt::format("{:02}:{:02}:{:02}", s / 3'600 % 24, s / 60 % 60, s % 60);
    return s < 86'400 ? clock : fmt::format("{}d {}", s / 86'400, clock);
}

std::string devices_text(std::int64_t milli) {
    const std::uint64_t n = magnitude(milli);
    std::string text = (milli < 0 ? "-" : "") + grouped(n / 1'000);
    if (n % 1'000 == 0) return text;
    std::string places = fmt::format("{:03}", n % 1'000);
    while (places.back() == '0')
        places.pop_back();
    return text + "." + places;
}

std::string device_hours_text(std::int64_t milli_device_ms) {
    const std::uint64_t n = magnitude(milli_device_ms);
    const std::uint64_t ten_thousandths = n / 360'000;  // 1000 milli x 3,600,000 ms an hour
    return fmt::format("{}{}.{:04}", milli_device_ms < 0 ? "-" : "",
                       grouped(ten_thousandths / 10'000), ten_thousandths % 10'000);
}

}  // namespace suan::bin
