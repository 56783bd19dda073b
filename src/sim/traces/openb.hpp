// Alibaba's cluster-trace-gpu-v2023 ("openb"): node lists (sn,cpu_milli,memory_mib,gpu,model) and
// pod lists (name,cpu_milli,memory_mib,num_gpu,gpu_milli and, except in the multigpu lists,
// gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time in whole seconds).
//
// The published method FILLS the cluster pod by pod, without time, and treats CPU and memory as
// hard limits: use the plain lists for that. trace_of() is for replay in time.
#pragma once

#include "base/result.hpp"
#include "sim/traces/input.hpp"
#include "sim/traces/trace.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace suan::sim {

struct OpenbNode {
    std::string name;
    std::int64_t cpu_milli = 0;
    std::int64_t memory_mib = 0;
    std::uint32_t gpus = 0;
    std::string model;  // empty where gpus is 0
};

struct OpenbTimes {
    std::int64_t created_us = 0;
    std::int64_t deleted_us = 0;
    std::optional<std::int64_t> scheduled_us;  // never, for a pod that stayed Pending
};

struct OpenbPod {
    std::int64_t line = 0;  // in the file
    std::string name;
    std::int64_t cpu_milli = 0;
    std::int64_t memory_mib = 0;
    std::uint32_t gpus = 0;
    std::uint16_t gpu_milli = 0;  // of each GPU; below 1000 only where gpus is 1; 0 where gpus is 0
    std::vector<std::string> models;  // allowed; empty allows all
    std::string qos;                  // LS, BE, Burstable, Guaranteed; empty in lists without times
    std::string phase;
    OpenbTimes times;
};

struct OpenbPods {
    std::string file;
    std::vector<OpenbPod> pods;  // in file order
    bool has_times = false;
};

Result<std::vector<OpenbNode>> read_openb_nodes(Input input);
Result<OpenbPods> read_openb_pods(Input input);

// Milli-GPUs that a pod asks for.
std::int64_t milli_of(const OpenbPod& pod);

// The published order of arrival, as indices of `pods`: by name, shuffled; then pods drawn at
// random until they ask for 1.3 times `capacity_milli`, or taken out at random where the list alone
// asks for more. The published stop test counts a candidate by its share of one GPU.
std::vector<std::uint32_t> openb_arrivals(const std::vector<OpenbPod>& pods,
                                          std::int64_t capacity_milli, std::uint64_t seed);

// Pods as jobs: one task of num_gpu devices, or gpu_milli of one. Submission is creation_time, run
// time is deletion_time - scheduled_time. org = "openb", project = qos, member = "default", pool =
// gpu_spec as written. LS and Guaranteed are tier reserved, Burstable standard, BE spot; a Failed
// pod ends with 1. Skipped: pods without GPU, and pods never scheduled. invalid for a list without
// times.
Result<Trace> trace_of(const OpenbPods& pods, const ReadOptions& options = {});
Result<Trace> read_openb(Input input, const ReadOptions& options = {});

}  // namespace suan::sim
