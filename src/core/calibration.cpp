// How far runs ahead were off: three factors for each size of wait and spread of the draws, each
// following its quantile.
#include "core/forecast.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace suan::core {
namespace {

// Added to both sides, so that a wait of nothing has a ratio.
constexpr Duration floor_span = Duration::seconds(30);
constexpr std::int64_t million = 1'000'000;
// Of starts, beyond each end of a window. Starts come in bursts that are off together, and what
// was said of the last burst is known late: of real starts 7 to 10 % end up beyond.
constexpr std::int64_t tail_permille = 50;
constexpr std::int64_t step_permille = 20;
// How far apart the draws are: most over least, each with floor_span; above the last: one more.
constexpr std::array<std::int64_t, 4> spread_permille{1'100, 1'250, 1'500, 2'500};
constexpr std::int64_t low_min = 100'000, high_max = 15 * million;

// Outwards by step x (1 - tail), back by step x tail.
std::int64_t part(std::int64_t factor, std::int64_t permille) {
    return mul_div_floor(factor, step_permille * permille, million);
}
std::int64_t outwards(std::int64_t factor) {
    return part(factor, 1'000 - tail_permille);
}
std::int64_t back(std::int64_t factor) {
    return part(factor, tail_permille);
}

}  // namespace

// Until anything is known: from a half to two and a half times what the run ahead says.
Calibration::Calibration() {
    factors_.fill({million / 2, million, 5 * million / 2});
}

std::size_t Calibration::bin_of(const Said& said) {
    const auto seconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, said.middle.us) / 1'000'000);
    const std::size_t size =
        std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(seconds)), sizes - 1);
    const std::int64_t apart =
        mul_div_floor((said.most + floor_span).us, 1'000,
                      std::max<std::int64_t>(1, (said.least + floor_span).us));
    const auto spread = std::upper_bound(spread_permille.begin(), spread_permille.end(), apart);
    return size * spreads + static_cast<std::size_t>(spread - spread_permille.begin());
}

void Calibration::late(const Said& said) {
    Factors& of = factors_[bin_of(said)];
    of.high = std::min(high_max, of.high + outwards(of.high));
}

void Calibration::learn(const Said& said, const Window& window, Time start, Late told) {
    Factors& of = factors_[bin_of(said)];
    if (start > window.p90) {
        if (told == Late::not_told) late(said);
    } else {
        of.high -= back(of.high);
    }
    of.low += start < window.p10 ? -outwards(of.low) : back(of.low);
    of.middle += start > window.p50 ? part(of.middle, 500) : -part(of.middle, 500);
    of.low = std::clamp(of.low, low_min, million);
    of.high = std::max(of.high, of.low + million / 50);
    of.middle = std::clamp(of.middle, of.low, of.high);
}

Window Calibration::window(Time made, const Said& said) const {
    const Factors& of = factors_[bin_of(said)];
    const auto at = [&](std::int64_t factor) {
        const std::int64_t us =
            mul_div_floor((said.middle + floor_span).us, factor, million) - floor_span.us;
        return made + Duration{std::max<std::int64_t>(0, us)};
    };
    return {at(of.low), at(of.middle), at(of.high)};
}

}  // namespace suan::core
