// How far runs ahead were off: ratios of waits, and windows from their quantiles.
#include "core/forecast.hpp"

#include <algorithm>
#include <bit>

namespace suan::core {
namespace {

// Added to both sides, so that a wait of nothing has a ratio.
constexpr Duration floor_span = Duration::seconds(30);
constexpr std::int64_t permille_max = 100'000;  // a hundred times as long
// Until anything is known: from a quarter to three times what the run ahead says.
constexpr std::array<std::int64_t, 3> unknown_permille = {250, 1'000, 3'000};

std::int64_t quantile(const std::vector<std::int64_t>& sorted, std::size_t permille) {
    const std::size_t rank = (sorted.size() * permille + 999) / 1'000;
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

std::size_t Calibration::bin_of(Duration said) {
    const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, said.us) / 1'000'000);
    return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(seconds)), bins - 1);
}

void Calibration::learn(Duration said, Duration was) {
    const std::int64_t permille =
        std::min(permille_max, mul_div_floor((was + floor_span).us, 1'000, (said + floor_span).us));
    for (Ring* ring : {&by_size_[bin_of(said)], &all_}) {
        if (ring->permille.size() < samples_max) {
            ring->permille.push_back(permille);
        } else {
            ring->permille[ring->next] = permille;
            ring->next = (ring->next + 1) % samples_max;
        }
    }
}

Window Calibration::window(Time made, Duration said) const {
    std::array<std::int64_t, 3> ratios = unknown_permille;
    const Ring& own = by_size_[bin_of(said)];
    const Ring& ring = own.permille.size() >= enough ? own : all_;
    if (ring.permille.size() >= enough) {
        std::vector<std::int64_t> sorted = ring.permille;
        std::sort(sorted.begin(), sorted.end());
        ratios = {quantile(sorted, 100), quantile(sorted, 500), quantile(sorted, 900)};
    }
    const auto at = [&](std::int64_t permille) {
        const std::int64_t us =
            mul_div_floor((said + floor_span).us, permille, 1'000) - floor_span.us;
        return made + Duration{std::max<std::int64_t>(0, us)};
    };
    return {at(ratios[0]), at(ratios[1]), at(ratios[2])};
}

}  // namespace suan::core
