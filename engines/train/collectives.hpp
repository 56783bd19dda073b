// Time of collectives by the alpha-beta model, over a fast domain and the network. Seconds, bytes.
#pragma once

#include "train/cluster.hpp"
#include "train/constants.hpp"

#include <cstdint>

namespace suan::train {

// Links as they are reached: bytes a second per device, and seconds a hop.
struct Links {
    double fast_bytes_s = 0;
    double network_bytes_s = 0;
    double fast_latency_s = 0;
    double network_latency_s = 0;
    double bucket_bytes = 0;
    std::int64_t devices_per_domain = 1;
    std::int64_t devices_per_rack = 0;  // 0: one flat network
    double oversubscription = 1;        // of what leaves a rack

    // Bytes a second of a device's NIC towards ranks up to `reach` away.
    double network_towards(std::int64_t reach) const {
        const bool leaves = devices_per_rack > 0 && reach > devices_per_rack;
        return leaves ? network_bytes_s / oversubscription : network_bytes_s;
    }
};
Links links(const Cluster& cluster, const Constants& constants);

// Ranks `stride` apart, as a mesh of degrees deals them: how many share a domain, and how many
// domains they touch.
struct Group {
    std::int64_t size = 1;
    std::int64_t stride = 1;

    std::int64_t in_domain(const Links& links) const;
    std::int64_t domains(const Links& links) const { return size / in_domain(links); }
};

// Ring all-gather or reduce-scatter whose full result has `bytes`: (n-1)/n S/W inside a domain.
// Across domains each of g ranks that share a domain carries 1/g of what crosses it, so the NIC
// stage takes (d-1)/d S/(g W_nic); the stages run as a pipeline, so the slower counts
// (hierarchical rings as NCCL builds them; Thakur 2005, section 4, for the ring itself).
double gather_seconds(double bytes, const Group& group, const Links& links);
// The same for a large buffer that is sent in buckets, each of which pays the ring's latency.
double bucketed_gather_seconds(double bytes, const Group& group, const Links& links);
// Reduce-scatter then all-gather; latency of a tree where that is less (2 log2 n hops).
double all_reduce_seconds(double bytes, const Group& group, const Links& links);
// Each rank sends `bytes` in all, evenly to all ranks: `copies` of each token. Inside a domain the
// fast links limit it. A token crosses to another domain once, however many of its experts are
// there, and is copied on the other side (DeepEP; arXiv:2412.19437, section 3.2.2): of d domains it
// meets (d-1)(1 - (1-1/d)^copies) others on average, through the device's own NIC.
double all_to_all_seconds(double bytes, double copies, const Group& group, const Links& links);
// One message between neighbours of a pipeline whose stages are `stride` ranks apart.
double send_seconds(double bytes, std::int64_t stride, const Links& links);

}  // namespace suan::train
