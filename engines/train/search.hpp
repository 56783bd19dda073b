// Finds the fastest layouts that fit: branch and bound over the degrees of parallelism.
//
// The space: tp, cp, ep and etp (divisors that the model allows), pp, dp (what remains of the
// devices), vpp, micro-batch, sequence parallel, recomputation, ZeRO stage, offload. Layers are
// timed once for each (tp, cp, ep, etp, micro-batch, recomputation): pp, dp and vpp do not change
// them. What is left out keeps the optimum:
//  * a step is at least micro-batches x layers on the mean stage x the layer's time, so a layout
//    whose bound exceeds the worst kept layout is not evaluated, nor those that recompute more;
//  * ZeRO stage 2 is left out where stage 1 fits: it takes the same time;
//  * offload is tried only where nothing else fits.
#pragma once

#include "train/memory.hpp"
#include "train/step.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::train {

// What may vary. The default is everything; `calculon_space` is the space that Calculon searches
// (README example of commit caa4b11), to compare speed.
struct SearchSpace {
    std::vector<std::int64_t> micro_batches = {1, 2, 4, 8, 16, 32};
    std::int64_t tp_max = 0;   // 0: the size of a fast domain
    std::int64_t pp_max = 0;   // 0: as many as there are layers
    std::int64_t cp_max = 0;   // 0: 1 up to 16,384 tokens a sequence, then seq / 8,192
    std::int64_t ep_max = 0;   // 0: as many as there are experts
    std::int64_t vpp_max = 0;  // 0: layers / pp
    int zero_max = 3;
    enum class Context { no, yes } context = Context::yes;
    enum class OffloadChoice { no, yes } offload = OffloadChoice::yes;
};

struct SearchRequest {
    ModelShape model;
    Execution run;
    StateWidths widths;
    std::int64_t global_batch = 0;
    // at_most: a layout takes the largest batch up to global_batch that it divides, and layouts are
    // ranked by time for a sequence.
    enum class Batch { exact, at_most } batch = Batch::exact;
    std::int64_t devices = 0;
    std::size_t keep = 5;
    // Tight layouts, which fit only once fragmentation is given back, are taken where no other
    // fits.
    enum class Room { comfortable, tight } room = Room::comfortable;
    enum class Advise { no, yes } advise = Advise::yes;  // look for what would fit, if nothing does
    SearchSpace space;
};

struct Candidate {
    Layout layout;
    StepTime step;
    double step_s = 0;
    double score_s = 0;  // for the requested batch: what layouts are ranked by
    MemoryUse memory;
};

struct SearchResult {
    std::vector<Candidate> best;  // fastest first; layouts of one mesh count once
    std::int64_t considered = 0;  // points of the space, pruned or not
    std::int64_t evaluated = 0;   // steps computed
    // Where nothing fits: the layout that comes nearest, and what would make it fit.
    std::vector<Candidate> nearest;
    std::string advice;
};

SearchResult search_layouts(const SearchRequest& request, const Machine& machine);

// Up to `request.devices`: all of them, and for batches and models that do not divide among all,
// the largest counts of whole fast domains that are multiples of growing powers of two.
SearchResult search_device_counts(const SearchRequest& request, const Machine& machine);

}  // namespace suan::train
