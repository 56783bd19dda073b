#include "bin/up/demo_centre.hpp"

#include <fmt/format.h>

#include <ctime>

namespace suan::bin {
namespace {

constexpr std::string_view centre =
    R"(# The centre of ./up: this machine (pools cpu and quantum) and a virtual pool of 490 x 8.
title: demonstration
pools:
  - name: cpu
    title: this machine
    executor: local
    device_type: cpu
    sharing: true
    rules: {{order: fair, min_runtime: 1s, resize_within: 1m}}
    nodes:
      - {{name: this, devices: {cores}}}
  - name: quantum
    title: simulated quantum machines, on this machine
    executor: local
    device_type: simulator
    rules: {{order: fair, min_runtime: 1s}}
    nodes:
      - {{name: this-quantum, devices: 1}}
  - name: 1000P
    title: Ascend 910-class, 1000 PFLOPS, virtual
    executor: sim
    device_type: Ascend 910
    device_gflops: 256000
    sharing: true
    visible_devices: ASCEND_RT_VISIBLE_DEVICES
    rules: {{order: fair, min_runtime: 10s, resize_within: 1m}}   # 20 virtual minutes a second
    nodes:
      - {{prefix: n, count: 490, devices: 8, per_rack: 32}}
price_sheets:
  - name: opening
    lines:
      - {{pool: cpu, tier: reserved, yuan_per_device_hour: 5.4}}
      - {{pool: cpu, tier: standard, yuan_per_device_hour: 3.6}}
      - {{pool: cpu, tier: spot, yuan_per_device_hour: 1.2}}
      - {{pool: quantum, tier: all, yuan_per_device_hour: 6}}
      - {{pool: 1000P, tier: reserved, yuan_per_device_hour: 12}}
      - {{pool: 1000P, tier: standard, yuan_per_device_hour: 8}}
      - {{pool: 1000P, tier: spot, yuan_per_device_hour: 3.2}}
members:
  - {{name: auditor, role: auditor}}
orgs:
  - name: deepriver
    title: Deep River, trains language models
    funds: 20000000
    budget: 10000000
    projects: [{{name: default}}, {{name: trial, budget: 0.5}}]
    members: [{{name: lin, role: member}}, {{name: zhou, role: admin}}]
    shares:
      - {{pool: cpu, deserved: 1}}
      - {{pool: 1000P, deserved: 1960, weight: 2}}
  - name: starfilm
    title: Star Film, produces 8K video
    funds: 20000000
    budget: 8000000
    projects: [{{name: default}}]
    members: [{{name: wang, role: member}}]
    shares:
      - {{pool: cpu, deserved: 1}}
      - {{pool: 1000P, deserved: 980}}
  - name: qlab
    title: Quantum Lab of the university
    funds: 20000000
    budget: 5000000
    projects: [{{name: default}}]
    members: [{{name: chen, role: member}}]
    shares:
      - {{pool: 1000P, deserved: 490}}
      - {{pool: quantum, deserved: 1}}
    vouchers:
      - {{funder: City Science Bureau, contract: KJ-2026-017, yuan: 5000000,
         expires: {expires}, pools: [1000P]}}
)";

}  // namespace

std::string demo_centre_yaml(std::uint32_t cores, Time now) {
    const auto later = static_cast<std::time_t>(now.us / 1'000'000) + 365 * 86'400;
    std::tm tm{};
    gmtime_r(&later, &tm);
    const std::string expires =
        fmt::format("{:04}-{:02}-{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    return fmt::format(centre, fmt::arg("cores", cores), fmt::arg("expires", expires));
}

}  // namespace suan::bin
