// The time of one optimizer step: layers -> stages -> pipeline schedule -> gradients -> optimizer.
// Closed form. Every part of a step is a named term of StepTime, and the terms add up to the step.
#pragma once

#include "train/collectives.hpp"
#include "train/constants.hpp"
#include "train/layout.hpp"
#include "train/operators.hpp"
#include "train/roofline.hpp"

#include <array>
#include <cstddef>

namespace suan::train {

// Terms of a step, seconds. Communication terms are what is exposed: not hidden behind compute.
enum class Term : std::size_t {
    products,     // matrix products
    attention,    // fused, or the batched products of the standard kernel
    elementwise,  // passes over memory
    launch,       // the device waiting for the host, and gaps between kernels
    recompute,    // forward work done again
    tensor,       // all-reduces of tensor parallelism
    experts,      // all-to-all
    context,      // ring exchange of keys and values
    sends,        // between stages
    gather,       // ZeRO-3 parameter gathers and gradient scatters in the layers
    bubble,       // stages waiting for each other
    gradients,    // data-parallel reduction and parameter gather at the end of a step
    optimizer,
    offload,   // states travelling between host and device
    overhead,  // fixed cost of a step, stragglers
};
inline constexpr std::size_t term_count = 15;
const char* to_string(Term term);

struct StepTime {
    std::array<double, term_count> seconds{};

    double& operator[](Term term) { return seconds[static_cast<std::size_t>(term)]; }
    double operator[](Term term) const { return seconds[static_cast<std::size_t>(term)]; }
    double total() const;
};

// A device, its links and what is reached of them, for one run: made once, used for many layouts.
struct Machine {
    Cluster cluster;
    Constants constants;
    Links links;
    Rates rates;
};
Machine make_machine(const Cluster& cluster, const Constants& constants, Precision precision);

// One pass of one micro-batch through one layer (or the head).
struct PassTime {
    double products = 0;
    double attention = 0;
    double elementwise = 0;
    double launch = 0;
    double tensor = 0;
    double experts = 0;
    double context = 0;
    double gather = 0;

    double compute() const { return products + attention + elementwise + launch; }
    double total() const { return compute() + tensor + experts + context + gather; }
    PassTime& operator+=(const PassTime& other);
};
PassTime operator*(PassTime pass, double factor);

struct LayerTime {
    PassTime forward;
    PassTime backward;
    PassTime again;  // recomputation, in the backward pass

    double total() const { return forward.total() + backward.total() + again.total(); }
};

LayerTime layer_time(const ModelShape& model, const Layout& layout, const Execution& run,
                     const Machine& machine, LayerKind kind);
LayerTime head_time(const ModelShape& model, const Layout& layout, const Execution& run,
                    const Machine& machine);

// Transformer layers by stage. Stages that also hold the embedding or the head get fewer where the
// layers do not divide evenly.
struct StageLayers {
    double first = 0;
    double middle = 0;  // of the longest middle stage
    double last = 0;
    double all = 0;
};
StageLayers split_layers(const ModelShape& model, const Layout& layout);

struct LayerTimes {
    LayerTime dense;
    LayerTime moe;
    LayerTime head;
};
LayerTimes layer_times(const ModelShape& model, const Layout& layout, const Execution& run,
                       const Machine& machine);

// The step, from the layers' times (which do not depend on pp, dp and vpp but through ZeRO-3).
StepTime step_time(const ModelShape& model, const Layout& layout, const Execution& run,
                   const Machine& machine, const LayerTimes& layers);
StepTime step_time(const ModelShape& model, const Layout& layout, const Execution& run,
                   const Machine& machine);

// Parameters that the busiest device holds.
struct HeldParameters {
    double dense = 0;    // divided by the tensor degree, or replicated
    double experts = 0;  // routed experts
};
HeldParameters held_parameters(const ModelShape& model, const Layout& layout);

}  // namespace suan::train
