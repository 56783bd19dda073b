// The machines: one device type, its fast domain (NVLink, HCCS) and the network between domains.
// A value type. Bandwidths are GB/s (1e9 bytes) per device and direction, nominal: what the
// datasheet says. What is reached of them is measured, and lives in the calibration.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::train {

struct Device {
    std::string name;
    std::string family;  // which calibration speaks for it: a100, h100, blackwell, ascend-910b, ...
    double tflops_16 = 0;  // dense BF16/FP16
    double tflops_8 = 0;   // dense FP8; 0: none
    double tflops_4 = 0;   // dense FP4; 0: none
    double tflops_32 = 0;  // TF32 or what stands for FP32 products
    double memory_gib = 0;
    double memory_gbytes_s = 0;
    std::int64_t multiprocessors = 0;  // units that GEMM tiles are dealt to
};

// What share of a nominal rate was reached at a size.
struct EfficiencyPoint {
    double size = 0;
    double share = 0;
};
using EfficiencyCurve = std::vector<EfficiencyPoint>;  // sizes ascend

// What the machines reach of their nominal rates, by size. Empty curves: as the calibration says.
struct Efficiencies {
    std::string source;         // where the figures come from
    std::string software;       // under which they were measured; empty: any
    EfficiencyCurve products;   // of the 16-bit peak, by depth of a matrix product
    EfficiencyCurve attention;  // of the 16-bit peak, by tokens of a sequence
    EfficiencyCurve fast;       // of fast_gbytes_s, by MiB of a message
    EfficiencyCurve network;    // of network_gbytes_s, by MiB of a message
};

struct Cluster {
    std::string name;
    Device device;
    std::int64_t devices = 0;             // there are
    std::int64_t devices_per_domain = 8;  // in one fast domain
    double fast_gbytes_s = 0;             // per device, one direction
    double network_gbytes_s = 0;          // per device, one direction
    std::int64_t domains_per_rack = 0;    // 0: one flat network
    double rack_oversubscription = 1;     // of the links above the rack
    double host_gbytes_s = 25;  // device to host memory, for offload (PCIe 4 x16 nominal 31.5)
    double failures_per_device_year = 0;  // unplanned interruptions
    double storage_gbytes_s = 0;          // of the whole cluster, for checkpoints
    double yuan_per_device_hour = 0;      // 0: no price
    Efficiencies efficiencies{};
};

Result<void> check_cluster(const Cluster& cluster);
Result<Cluster> parse_cluster(std::string_view yaml, const std::string& where);
// A file, or one of `cluster_names()`.
Result<Cluster> load_cluster(const std::string& name_or_path);
std::vector<std::string> cluster_names();

// One usual server of a device: eight in a fast domain, with its usual links.
Result<Cluster> server_of(const std::string& device);

// A device by its name in devices.yaml, or by a label of the measured tables.
Result<Device> find_device(const std::string& name);
std::vector<std::string> device_names();

}  // namespace suan::train
