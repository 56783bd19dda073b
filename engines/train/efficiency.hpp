// Tables of a cluster's file that say what share of a nominal rate is reached at which size, and
// the constants they stand for.
//
// Every rate of the model saturates in the same way: what is asked of it takes as long as `half`
// more of it would, so share(size) = top size / (size + half). For a product the size is its depth,
// for fused attention the tokens of a sequence, for a link the message (alpha-beta: half is the
// latency times the rate reached). A table is therefore read as the top and half that fit it best,
// and the same formulas serve tables and calibration.
#pragma once

#include "train/cluster.hpp"
#include "train/constants.hpp"

#include <yaml-cpp/yaml.h>

namespace suan::train {

struct Saturation {
    double top = 1;   // share at a size without bound
    double half = 0;  // size at which half of it is reached

    double share(double size) const { return top * size / (size + half); }
};

// Least squares of size / share, which is linear in size, with every point's relative error
// weighing the same. One point keeps `otherwise.half`; none is `otherwise`.
Saturation saturation_of(const EfficiencyCurve& curve, const Saturation& otherwise);

// `constants` with what the cluster's tables say in place of what they speak of. Tables that name
// another software change nothing.
Constants with_tables(const Constants& constants, const Cluster& cluster,
                      const std::string& software);

// The tables that stand for `constants`.
Efficiencies tabulate(const Constants& constants, const Cluster& cluster);

// Those of the usual software of the cluster's device, with their source.
Result<Efficiencies> fitted_tables(const Cluster& cluster, const Calibrations& fitted);

// The map `efficiency` of a cluster's file. The error names the curve and what would be right.
Result<Efficiencies> parse_efficiencies(const YAML::Node& node, const std::string& where);

// A cluster's file with its map `efficiency`, the last of the file, replaced or added.
std::string with_efficiency_text(const std::string& cluster_yaml, const Efficiencies& tables);

}  // namespace suan::train
