#include "sim/traces/generate.hpp"

#include "base/assert.hpp"
#include "base/money.hpp"
#include "sim/traces/builder.hpp"
#include "sim/traces/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

namespace suan::sim {
namespace {

// -ln(1 - (k + 1/2) / 256) x 65536, rounded: the gap at each 256th of the exponential distribution.
constexpr std::array<std::uint32_t, 256> gap_table{
    128,    385,    643,    902,    1162,   1423,   1685,   1949,   2213,   2478,   2745,   3012,
    3281,   3550,   3821,   4093,   4366,   4640,   4916,   5192,   5470,   5749,   6029,   6310,
    6593,   6876,   7161,   7448,   7735,   8024,   8314,   8605,   8898,   9191,   9487,   9783,
    10081,  10380,  10681,  10983,  11286,  11591,  11897,  12205,  12514,  12825,  13137,  13451,
    13766,  14082,  14400,  14720,  15041,  15364,  15689,  16015,  16342,  16672,  17003,  17335,
    17670,  18006,  18344,  18683,  19024,  19368,  19712,  20059,  20408,  20758,  21111,  21465,
    21821,  22179,  22539,  22901,  23265,  23632,  24000,  24370,  24742,  25117,  25493,  25872,
    26253,  26637,  27022,  27410,  27800,  28192,  28587,  28984,  29384,  29786,  30191,  30598,
    31007,  31419,  31834,  32252,  32672,  33095,  33520,  33948,  34380,  34814,  35251,  35690,
    36133,  36579,  37028,  37480,  37935,  38393,  38855,  39320,  39788,  40259,  40734,  41212,
    41694,  42180,  42669,  43162,  43658,  44158,  44663,  45171,  45683,  46199,  46719,  47243,
    47772,  48304,  48842,  49383,  49929,  50480,  51035,  51596,  52161,  52730,  53305,  53885,
    54470,  55061,  55657,  56258,  56865,  57477,  58095,  58720,  59350,  59986,  60629,  61277,
    61933,  62595,  63264,  63939,  64622,  65312,  66009,  66714,  67426,  68146,  68874,  69611,
    70355,  71109,  71871,  72642,  73422,  74212,  75011,  75820,  76639,  77469,  78309,  79160,
    80022,  80896,  81782,  82680,  83590,  84513,  85449,  86399,  87363,  88341,  89334,  90342,
    91366,  92406,  93464,  94538,  95630,  96741,  97871,  99021,  100191, 101383, 102596, 103833,
    105093, 106378, 107689, 109027, 110392, 111786, 113211, 114668, 116157, 117681, 119242, 120840,
    122479, 124159, 125884, 127655, 129476, 131348, 133276, 135262, 137310, 139425, 141609, 143869,
    146210, 148638, 151159, 153781, 156512, 159361, 162341, 165462, 168740, 172190, 175832, 179688,
    183785, 188156, 192839, 197883, 203347, 209309, 215868, 223157, 231360, 240738, 251686, 264838,
    281308, 303359, 336836, 408835,
};

std::uint64_t splitmix64(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

// Draws an index in proportion to its weight.
class Wheel {
public:
    void add(std::uint64_t weight) { sums_.push_back(total() + weight); }

    std::size_t draw(Rng& rng) const {
        const std::uint64_t at = rng.below(total());
        return static_cast<std::size_t>(std::upper_bound(sums_.begin(), sums_.end(), at) -
                                        sums_.begin());
    }

private:
    std::uint64_t total() const { return sums_.empty() ? 0 : sums_.back(); }
    std::vector<std::uint64_t> sums_;
};

template <typename T>
Wheel wheel_of(const std::vector<T>& weighted) {
    Wheel wheel;
    for (const T& item : weighted) {
        wheel.add(item.weight);
    }
    return wheel;
}

// "org-1", "org-2", ...
std::vector<std::string> numbered(const char* prefix, std::uint32_t count) {
    std::vector<std::string> names;
    for (std::uint32_t number = 1; number <= count; ++number) {
        names.push_back(fmt::format("{}-{}", prefix, number));
    }
    return names;
}

void check(const GenerateOptions& options) {
    SUAN_ASSERT(options.jobs >= 1 && options.jobs <= limits::trace_rows_max);
    SUAN_ASSERT(options.orgs >= 1 && options.orgs <= limits::orgs_max);
    SUAN_ASSERT(options.projects_per_org >= 1);
    SUAN_ASSERT(options.projects_per_org <= limits::projects_per_org_max);
    SUAN_ASSERT(options.members_per_org >= 1);
    SUAN_ASSERT(options.members_per_org <= limits::members_per_org_max);
    SUAN_ASSERT(options.devices >= 1 && options.load_per_mille >= 1);
    for (const GangWeight& gang : options.gangs) {
        SUAN_ASSERT(gang.devices >= 1 && gang.devices <= limits::tasks_max);
    }
    for (const DurationBand& band : options.durations) {
        SUAN_ASSERT(band.min_s >= 1 && band.min_s <= band.max_s);
        SUAN_ASSERT(band.max_s <= limits::walltime_us_max / second_us);
    }
}

class Generator {
public:
    explicit Generator(const GenerateOptions& options)
        : options_(options),
          rng_(options.seed),
          gangs_(wheel_of(options.gangs)),
          durations_(wheel_of(options.durations)),
          tiers_(wheel_of(options.tiers)),
          org_names_(numbered("org", options.orgs)),
          project_names_(numbered("project", options.projects_per_org)),
          member_names_(numbered("member", options.members_per_org)),
          builder_("generated",
                   ReadOptions{.orgs = {}, .devices_per_node = options.devices_per_node}) {
        constexpr std::uint64_t first_weight = 100'000;
        for (std::uint32_t k = 0; k < options.orgs; ++k) {
            orgs_.add(first_weight / (k + 1));
        }
    }

    Trace run();

private:
    TraceJob draw_job();
    std::int64_t walltime_us(std::int64_t duration_us);
    void add(const TraceJob& job, std::uint32_t number);
    void stretch(Trace& trace) const;

    const GenerateOptions& options_;
    Rng rng_;
    Wheel gangs_, durations_, tiers_, orgs_;
    std::vector<std::string> org_names_, project_names_, member_names_;
    TraceBuilder builder_;
    std::uint64_t gaps_ = 0;  // sum of the gaps so far, in units of the table
    uint128 work_ = 0;        // milli-devices x microseconds
};

// What users ask for: 1.1, 1.5, 2 or 4 times what they need, in whole minutes.
std::int64_t Generator::walltime_us(std::int64_t duration_us) {
    constexpr std::array<std::int64_t, 4> tenths{11, 15, 20, 40};
    if (rng_.per_mille(options_.overrun_per_mille) == Rng::Chance::yes) {
        return std::max(second_us, duration_us / 2);
    }
    const std::int64_t wanted = duration_us / 10 * tenths[rng_.below(tenths.size())];
    const std::int64_t minutes = (wanted + minute_us - 1) / minute_us;
    return std::min(minutes * minute_us, limits::walltime_us_max);
}

TraceJob Generator::draw_job() {
    TraceJob job;
    builder_.set_gang(job, options_.gangs[gangs_.draw(rng_)].devices);
    const DurationBand& band = options_.durations[durations_.draw(rng_)];
    const auto width = static_cast<std::uint64_t>(band.max_s - band.min_s + 1);
    job.duration_us = (band.min_s + static_cast<std::int64_t>(rng_.below(width))) * second_us;
    job.walltime_us = walltime_us(job.duration_us);
    job.tier = options_.tiers[tiers_.draw(rng_)].tier;
    if (job.devices() == 1 && rng_.per_mille(options_.shared_per_mille) == Rng::Chance::yes) {
        job.milli = static_cast<std::uint16_t>(100 * (1 + rng_.below(9)));
    }
    if (rng_.per_mille(options_.failed_per_mille) == Rng::Chance::yes) job.exit_code = 1;
    return job;
}

void Generator::add(const TraceJob& job, std::uint32_t number) {
    std::array<char, 32> id;
    const auto end = fmt::format_to_n(id.data(), id.size(), "job-{}", number).out;
    TraceRow row;
    row.job = job;
    row.line = number;
    row.id = {id.data(), static_cast<std::size_t>(end - id.data())};
    row.org = org_names_[orgs_.draw(rng_)];
    row.project = project_names_[rng_.below(project_names_.size())];
    row.member = member_names_[rng_.below(member_names_.size())];
    if (!options_.pools.empty()) row.pool = options_.pools[rng_.below(options_.pools.size())];
    const auto added = builder_.add(row);
    SUAN_ASSERT(added.has_value());
}

// Turns sums of gaps into microseconds, over the span in which the work is the wanted load.
void Generator::stretch(Trace& trace) const {
    const uint128 capacity =
        uint128{options_.devices} * options_.load_per_mille;  // milli-devices in use
    const uint128 span_us = work_ / capacity;
    SUAN_ASSERT(span_us <= static_cast<std::uint64_t>(limits::trace_time_us_max));
    for (TraceJob& job : trace.jobs) {
        const auto gaps = static_cast<std::uint64_t>(job.submit_us);
        job.submit_us = static_cast<std::int64_t>(uint128{gaps} * span_us / gaps_);
    }
}

Trace Generator::run() {
    for (std::uint32_t number = 1; number <= options_.jobs; ++number) {
        TraceJob job = draw_job();
        job.submit_us = static_cast<std::int64_t>(gaps_);
        gaps_ += gap_table[rng_.next() >> 56];
        work_ += uint128{job.devices()} * job.milli * static_cast<std::uint64_t>(job.duration_us);
        add(job, number);
    }
    auto trace = builder_.finish({Origin::Clock::own, 0});
    SUAN_ASSERT(trace.has_value());
    stretch(*trace);
    return std::move(*trace);
}

}  // namespace

Rng::Rng(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
        word = splitmix64(seed);
    }
}

std::uint64_t Rng::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
    SUAN_ASSERT(bound >= 1 && bound <= std::uint64_t{1} << 32);
    return (next() >> 32) * bound >> 32;
}

Rng::Chance Rng::per_mille(std::uint32_t probability) {
    return below(1'000) < probability ? Chance::yes : Chance::no;
}

Trace generate(const GenerateOptions& options) {
    check(options);
    return Generator(options).run();
}

}  // namespace suan::sim
