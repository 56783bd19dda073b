#include "train/collectives.hpp"

#include <algorithm>
#include <cmath>

namespace suan::train {
namespace {

double real(std::int64_t value) {
    return static_cast<double>(value);
}

double bandwidth_seconds(double bytes, const Group& group, const Links& l) {
    const double g = real(group.in_domain(l));
    const double d = real(group.domains(l));
    const double inside = (g - 1) / g * bytes / l.fast_bytes_s;
    const double across = (d - 1) / d * bytes / (g * l.network_towards(group.size * group.stride));
    return std::max(inside, across);
}

}  // namespace

Links links(const Cluster& cluster, const Constants& c) {
    Links l;
    l.fast_bytes_s = cluster.fast_gbytes_s * 1e9 * c.fast_efficiency;
    l.network_bytes_s = cluster.network_gbytes_s * 1e9 * c.network_efficiency;
    l.fast_latency_s = c.fast_latency_us * 1e-6;
    l.network_latency_s = c.network_latency_us * 1e-6;
    l.bucket_bytes = c.bucket_mib * 1024 * 1024;
    l.devices_per_domain = cluster.devices_per_domain;
    l.devices_per_rack = cluster.devices_per_domain * cluster.domains_per_rack;
    l.oversubscription = cluster.rack_oversubscription;
    return l;
}

std::int64_t Group::in_domain(const Links& l) const {
    // The largest divisor of the group that fits, so that every domain holds as many of its ranks.
    std::int64_t fit = std::clamp<std::int64_t>(l.devices_per_domain / stride, 1, size);
    while (size % fit != 0)
        --fit;
    return fit;
}

double gather_seconds(double bytes, const Group& group, const Links& l) {
    if (group.size <= 1) return 0;
    const double hops = real(group.in_domain(l) - 1) * l.fast_latency_s +
                        real(group.domains(l) - 1) * l.network_latency_s;
    return bandwidth_seconds(bytes, group, l) + hops;
}

double bucketed_gather_seconds(double bytes, const Group& group, const Links& l) {
    if (group.size <= 1) return 0;
    const double buckets = std::max(1.0, bytes / l.bucket_bytes);
    const double hops = real(group.in_domain(l) - 1) * l.fast_latency_s +
                        real(group.domains(l) - 1) * l.network_latency_s;
    return bandwidth_seconds(bytes, group, l) + buckets * hops;
}

double all_reduce_seconds(double bytes, const Group& group, const Links& l) {
    if (group.size <= 1) return 0;
    const double d = real(group.domains(l));
    const double inside = 2 * real(group.in_domain(l) - 1) * l.fast_latency_s;
    const double ring = 2 * (d - 1) * l.network_latency_s;
    const double tree = 2 * std::ceil(std::log2(std::max(d, 1.0))) * l.network_latency_s;
    return 2 * bandwidth_seconds(bytes, group, l) + inside + std::min(ring, tree);
}

double all_to_all_seconds(double bytes, double copies, const Group& group, const Links& l) {
    if (group.size <= 1) return 0;
    const double g = real(group.in_domain(l));
    const double d = real(group.domains(l));
    const double inside = (g - 1) / g * bytes / l.fast_bytes_s;
    if (d == 1) return inside + l.fast_latency_s;
    const double met = (d - 1) * (1 - std::pow(1 - 1 / d, copies));
    return std::max(inside, met * bytes / copies / l.network_towards(group.size * group.stride)) +
           l.network_latency_s;
}

double send_seconds(double bytes, std::int64_t stride, const Links& l) {
    if (stride < l.devices_per_domain) return bytes / l.fast_bytes_s + l.fast_latency_s;
    return bytes / l.network_towards(2 * stride) + l.network_latency_s;
}

}  // namespace suan::train
