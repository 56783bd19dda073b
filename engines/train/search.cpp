#include "train/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <future>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

namespace suan::train {
namespace {

double real(std::int64_t value) {
    return static_cast<double>(value);
}

std::vector<std::int64_t> divisors(std::int64_t n, std::int64_t most) {
    std::vector<std::int64_t> out;
    for (std::int64_t d = 1; d <= std::min(n, most); ++d)
        if (n % d == 0) out.push_back(d);
    return out;
}

// What the layers' times depend on.
struct Inner {
    std::int64_t tp = 1;
    std::int64_t cp = 1;
    std::int64_t ep = 1;
    std::int64_t etp = 1;
    std::int64_t micro_batch = 1;
};

// What one worker found. Merged by step time, then by the layout's degrees: the same for any
// number of workers.
class Best {
public:
    explicit Best(std::size_t keep) : keep_(keep) {}

    double worst() const {
        return kept_.size() < keep_ ? std::numeric_limits<double>::max() : kept_.back().score_s;
    }
    void offer(Candidate candidate) {
        // One entry for a mesh: its best way to save memory.
        for (Candidate& c : kept_) {
            if (mesh(c.layout) != mesh(candidate.layout)) continue;
            if (before(candidate, c)) c = std::move(candidate);
            std::sort(kept_.begin(), kept_.end(), before);
            return;
        }
        kept_.push_back(std::move(candidate));
        std::sort(kept_.begin(), kept_.end(), before);
        if (kept_.size() > keep_) kept_.pop_back();
    }
    void merge(Best other) {
        for (Candidate& c : other.kept_)
            offer(std::move(c));
    }
    std::vector<Candidate> take() { return std::move(kept_); }

private:
    using Mesh = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                            std::int64_t, std::int64_t>;
    static Mesh mesh(const Layout& l) {
        return {l.tp, l.pp, l.dp, l.cp, l.ep, l.etp, l.micro_batch};
    }
    static bool before(const Candidate& a, const Candidate& b) {
        if (a.score_s < b.score_s) return true;
        if (b.score_s < a.score_s) return false;
        return std::tuple(mesh(a.layout), a.layout.vpp) < std::tuple(mesh(b.layout), b.layout.vpp);
    }

    std::size_t keep_;
    std::vector<Candidate> kept_;
};

// The smallest memory seen among layouts that do not fit.
struct Tightest {
    double bytes = std::numeric_limits<double>::max();
    std::optional<Candidate> candidate;

    void offer(const Layout& layout, const MemoryUse& use) {
        if (use.need() >= bytes) return;
        bytes = use.need();
        candidate = Candidate{layout, {}, 0, 0, use};
    }
};

class Worker {
public:
    Worker(const SearchRequest& request, const Machine& machine)
        : request_(request),
          machine_(machine),
          capacity_(machine.cluster.device.memory_gib * 1024.0 * 1024.0 * 1024.0),
          best(request.keep) {}

    void run(const Inner& inner, std::int64_t devices);

private:
    const SearchRequest& request_;
    const Machine& machine_;
    double capacity_;

public:
    Best best;
    Tightest tightest;
    std::int64_t considered = 0;
    std::int64_t evaluated = 0;

private:
    struct Timed {
        Layout layout;  // degrees of the layer only
        LayerTimes times;
        double layer_s = 0;  // of a mean layer, without gathers
    };

    std::vector<Timed> time_layers(const Inner& inner) const;
    void run_mesh(const std::vector<Timed>& timed, std::int64_t pp, std::int64_t dp);
    void run_chunks(const std::vector<Timed>& timed, Layout layout);
    void try_zero(const Timed& timed, Layout layout);
    void try_offload(const Timed& timed, Layout layout, int zero_most);
    void evaluate(const Timed& timed, const Layout& layout, const MemoryUse& use);
    MemoryUse use_of(const Layout& l) const {
        return memory_use(request_.model, l, request_.run, request_.widths, machine_.constants);
    }
    bool holds(const MemoryUse& use) const {
        const bool tight = request_.room == SearchRequest::Room::tight;
        return (tight ? use.need() : use.total()) <= capacity_;
    }
    double bound(const Timed& timed, const Layout& l) const;
    double scale(const Layout& l) const {
        return real(request_.global_batch) / real(l.global_batch);
    }
};

std::vector<Worker::Timed> Worker::time_layers(const Inner& inner) const {
    std::vector<Timed> out;
    // From the fastest way to save memory to the slowest.
    for (const Recompute recompute : {Recompute::none, Recompute::selective, Recompute::full}) {
        Timed t;
        t.layout.tp = inner.tp;
        t.layout.cp = inner.cp;
        t.layout.ep = inner.ep;
        t.layout.etp = inner.etp;
        t.layout.micro_batch = inner.micro_batch;
        t.layout.recompute = recompute;
        t.layout.sequence_parallel = inner.tp > 1 ? SequenceParallel::on : SequenceParallel::off;
        t.times = layer_times(request_.model, t.layout, request_.run, machine_);
        const double share = real(request_.model.expert_layers()) / real(request_.model.layers);
        t.layer_s = (1 - share) * t.times.dense.total() + share * t.times.moe.total();
        out.push_back(std::move(t));
    }
    return out;
}

// No step is shorter than its layers, one micro-batch after another, on the longest stage.
double Worker::bound(const Timed& timed, const Layout& l) const {
    const double layers = real(request_.model.layers + request_.model.predict_layers) / real(l.pp);
    return real(l.micro_batches()) * layers * timed.layer_s * scale(l);
}

void Worker::evaluate(const Timed& timed, const Layout& layout, const MemoryUse& use) {
    ++evaluated;
    Candidate c;
    c.layout = layout;
    if (layout.zero_stage == 3) {
        c.step = step_time(request_.model, layout, request_.run, machine_);
    } else {
        c.step = step_time(request_.model, layout, request_.run, machine_, timed.times);
    }
    c.step_s = c.step.total();
    c.score_s = c.step_s * scale(layout);
    if (c.score_s >= best.worst()) return;
    c.memory = use;
    best.offer(std::move(c));
}

// Stages 1 and 2 take the same time: the lower that fits stands for both.
void Worker::try_zero(const Timed& timed, Layout layout) {
    int most = layout.dp * layout.cp > 1 ? request_.space.zero_max : 0;
    // Under a pipeline stage 3 keeps what it gathered: it saves nothing over stage 2.
    if (layout.pp > 1) most = std::min(most, 2);
    bool fits = false;
    bool sharded = false;
    for (int stage = 0; stage <= most; ++stage) {
        if (stage == 2 && sharded) continue;
        layout.zero_stage = stage;
        const MemoryUse use = use_of(layout);
        if (!holds(use)) {
            if (stage == most) tightest.offer(layout, use);
            continue;
        }
        evaluate(timed, layout, use);
        fits = true;
        sharded = stage >= 1;
    }
    if (!fits && request_.space.offload == SearchSpace::OffloadChoice::yes)
        try_offload(timed, layout, most);
}

void Worker::try_offload(const Timed& timed, Layout layout, int zero_most) {
    layout.offload = Offload::optimizer;
    layout.zero_stage = std::min(zero_most, 1);
    const MemoryUse use = use_of(layout);
    if (!holds(use)) {
        tightest.offer(layout, use);
    } else {
        evaluate(timed, layout, use);
    }
}

// From none to full recomputation: each only makes the layers slower, so once the bound of one is
// above the worst kept, so are the rest.
void Worker::run_chunks(const std::vector<Timed>& timed, Layout layout) {
    for (const Timed& t : timed) {
        ++considered;
        layout.recompute = t.layout.recompute;
        if (bound(t, layout) >= best.worst()) return;
        try_zero(t, layout);
    }
}

void Worker::run_mesh(const std::vector<Timed>& timed, std::int64_t pp, std::int64_t dp) {
    Layout l = timed.front().layout;
    l.pp = pp;
    l.dp = dp;
    const std::int64_t unit = dp * l.micro_batch;
    l.global_batch = request_.global_batch / unit * unit;
    if (bound(timed.front(), l) >= best.worst()) return;
    const std::int64_t layers = request_.model.layers + request_.model.predict_layers;
    const std::int64_t longest = l.layers_per_stage(layers);
    const std::int64_t most = request_.space.vpp_max > 0 ? request_.space.vpp_max : longest;
    for (std::int64_t v = 1; v <= (pp > 1 ? std::min(most, longest) : 1); ++v) {
        if (longest % v != 0) continue;
        // The interleaved schedule deals micro-batches in rounds of pp (SC'21, section 2.2).
        if (v > 1 && l.micro_batches() % pp != 0) continue;
        l.vpp = v;
        run_chunks(timed, l);
    }
}

void Worker::run(const Inner& inner, std::int64_t devices) {
    const ModelShape& m = request_.model;
    const std::int64_t rest = devices / (inner.tp * inner.cp);
    const std::int64_t layers = m.layers + m.predict_layers;
    const std::int64_t pp_max =
        request_.space.pp_max > 0 ? std::min(request_.space.pp_max, layers) : layers;
    const std::vector<Timed> timed = time_layers(inner);
    for (std::int64_t pp = 1; pp <= std::min(pp_max, rest); ++pp) {
        if (rest % pp != 0) continue;
        const std::int64_t dp = rest / pp;
        const std::int64_t unit = dp * inner.micro_batch;
        if (unit > request_.global_batch) continue;
        const bool exact = request_.batch == SearchRequest::Batch::exact;
        if (exact && request_.global_batch % unit != 0) continue;
        if ((inner.tp * inner.cp * dp) % (inner.etp * inner.ep) != 0) continue;
        run_mesh(timed, pp, dp);
    }
}

std::vector<std::int64_t> expert_degrees(const SearchRequest& r) {
    if (!r.model.is_moe()) return {1};
    return divisors(r.model.experts, r.space.ep_max > 0 ? r.space.ep_max : r.model.experts);
}

std::vector<Inner> inner_points(const SearchRequest& r, const Machine& machine) {
    const std::int64_t tp_max =
        r.space.tp_max > 0 ? r.space.tp_max : machine.cluster.devices_per_domain;
    std::int64_t cp_max = r.space.cp_max;
    if (cp_max == 0) cp_max = r.run.seq > 16'384 ? r.run.seq / 8'192 : 1;
    std::vector<Inner> points;
    for (const std::int64_t tp : divisors(r.model.heads, tp_max))
        for (const std::int64_t cp : divisors(r.run.seq, cp_max))
            for (const std::int64_t ep : expert_degrees(r))
                for (const std::int64_t mbs : r.space.micro_batches) {
                    if (r.devices % (tp * cp) != 0) continue;
                    points.push_back({tp, cp, ep, 1, mbs});
                    const bool split = r.model.is_moe() && tp > 1 && r.model.expert_ffn % tp == 0;
                    if (split) points.push_back({tp, cp, ep, tp, mbs});
                }
    return points;
}

// The best layout on so many devices, if any fits.
std::optional<Candidate> best_on(std::int64_t devices, const SearchRequest& request,
                                 const Machine& machine) {
    SearchRequest more = request;
    more.devices = devices;
    Worker worker(more, machine);
    for (const Inner& inner : inner_points(more, machine))
        worker.run(inner, devices);
    std::vector<Candidate> found = worker.best.take();
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

// The smallest multiple of the devices asked for that holds the model: doubled until one does, then
// each multiple between.
std::optional<Candidate> fewest_devices(const SearchRequest& request, const Machine& machine) {
    for (std::int64_t most = 2; most <= 1024; most *= 2) {
        auto found = best_on(request.devices * most, request, machine);
        if (!found) continue;
        for (std::int64_t factor = most / 2 + 1; factor < most; ++factor)
            if (auto fewer = best_on(request.devices * factor, request, machine)) return fewer;
        return found;
    }
    return std::nullopt;
}

std::string advice_for(const Candidate& nearest, const SearchRequest& request,
                       const Machine& machine) {
    const double have = machine.cluster.device.memory_gib;
    const double need = nearest.memory.need() / (1024.0 * 1024.0 * 1024.0);
    std::string text = fmt::format(
        "nothing fits: the smallest need is {:.1f} GiB a device at {}, and a device has {:.1f} "
        "GiB.",
        need, to_text(nearest.layout), have);
    SearchRequest safe = request;
    safe.room = SearchRequest::Room::comfortable;
    if (const auto found = fewest_devices(safe, machine))
        return text + fmt::format(" It fits on {} devices ({}).", found->layout.devices(),
                                  to_text(found->layout));
    return text +
           fmt::format(" No number of these devices holds it; a device of {:.0f} GiB would.", need);
}

}  // namespace

SearchResult search_layouts(const SearchRequest& request, const Machine& machine) {
    std::vector<Inner> points = inner_points(request, machine);
    constexpr std::size_t workers = 2;
    std::array<std::future<Worker>, workers> running;
    for (std::size_t w = 0; w < workers; ++w)
        running[w] = std::async(std::launch::async, [&, w] {
            Worker worker(request, machine);
            for (std::size_t i = w; i < points.size(); i += workers)
                worker.run(points[i], request.devices);
            return worker;
        });
    SearchResult result;
    Best best(request.keep);
    Tightest tightest;
    for (auto& future : running) {
        Worker worker = future.get();
        best.merge(std::move(worker.best));
        result.considered += worker.considered;
        result.evaluated += worker.evaluated;
        if (worker.tightest.candidate)
            tightest.offer(worker.tightest.candidate->layout, worker.tightest.candidate->memory);
    }
    result.best = best.take();
    if (result.best.empty() && request.room == SearchRequest::Room::comfortable) {
        SearchRequest closer = request;
        closer.room = SearchRequest::Room::tight;
        return search_layouts(closer, machine);
    }
    if (result.best.empty() && tightest.candidate) {
        result.nearest.push_back(*tightest.candidate);
        if (request.advise == SearchRequest::Advise::yes)
            result.advice = advice_for(*tightest.candidate, request, machine);
    }
    return result;
}

SearchResult search_device_counts(const SearchRequest& request, const Machine& machine) {
    SearchResult all = search_layouts(request, machine);
    Best best(request.keep);
    for (Candidate& c : all.best)
        best.offer(std::move(c));
    std::int64_t before = request.devices;
    for (std::int64_t unit = machine.cluster.devices_per_domain; unit <= request.devices;
         unit *= 2) {
        SearchRequest fewer = request;
        fewer.advise = SearchRequest::Advise::no;
        fewer.devices = request.devices / unit * unit;
        if (fewer.devices == before) continue;
        before = fewer.devices;
        SearchResult more = search_layouts(fewer, machine);
        all.considered += more.considered;
        all.evaluated += more.evaluated;
        for (Candidate& c : more.best)
            best.offer(std::move(c));
    }
    all.best = best.take();
    if (!all.best.empty()) all.advice.clear();
    return all;
}

}  // namespace suan::train
