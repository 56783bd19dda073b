#include "train/search.hpp"

#include "train/testing.hpp"

#include <limits>

namespace suan::train {
namespace {

using testing::cluster_named;
using testing::fused_run;
using testing::model_named;

SearchRequest request_of(const char* model, std::int64_t devices, std::int64_t batch) {
    SearchRequest r;
    r.model = model_named(model);
    r.run = fused_run(r.model.seq);
    r.global_batch = batch;
    r.devices = devices;
    return r;
}

Machine machine_of(const char* cluster) {
    return make_machine(cluster_named(cluster), Constants{}, Precision::bf16);
}

// Every layout of a small world, one after another.
class Enumeration {
public:
    Enumeration(const SearchRequest& request, const Machine& machine)
        : request_(request), machine_(machine) {}

    double best() {
        for (const std::int64_t tp : {1, 2, 4, 8})
            for (std::int64_t pp = 1; pp <= request_.devices / tp; ++pp)
                for (const std::int64_t ep : expert_degrees())
                    for (const std::int64_t mbs : request_.space.micro_batches)
                        for (std::int64_t v = 1; v <= request_.model.layers; ++v)
                            saving(tp, pp, ep, mbs, v);
        return best_;
    }

private:
    std::vector<std::int64_t> expert_degrees() const {
        if (!request_.model.is_moe()) return {1};
        return {1, 2, 4, 8};
    }

    void saving(std::int64_t tp, std::int64_t pp, std::int64_t ep, std::int64_t mbs,
                std::int64_t v) {
        if (request_.devices % (tp * pp) != 0) return;
        Layout l;
        l.tp = tp;
        l.pp = pp;
        l.dp = request_.devices / (tp * pp);
        l.ep = ep;
        l.micro_batch = mbs;
        l.vpp = v;
        l.global_batch = request_.global_batch;
        l.sequence_parallel = tp > 1 ? SequenceParallel::on : SequenceParallel::off;
        const std::int64_t longest = l.layers_per_stage(request_.model.layers);
        if (pp > request_.model.layers || longest % v != 0) return;
        if (!check_layout(request_.model, l)) return;
        if (v > 1 && l.micro_batches() % pp != 0) return;
        for (const Recompute r : {Recompute::none, Recompute::selective, Recompute::full})
            for (int zero = 0; zero <= (l.dp > 1 ? 3 : 0); ++zero)
                for (const std::int64_t etp : {std::int64_t{1}, tp})
                    evaluate(l, r, zero, etp);
    }

    void evaluate(Layout l, Recompute recompute, int zero, std::int64_t etp) {
        if (etp > 1 && !request_.model.is_moe()) return;
        l.recompute = recompute;
        l.zero_stage = zero;
        l.etp = etp;
        if (!check_layout(request_.model, l)) return;
        const double gib =
            memory_use(request_.model, l, request_.run, request_.widths, machine_.constants)
                .total_gib();
        if (gib > machine_.cluster.device.memory_gib) return;
        best_ = std::min(best_, step_time(request_.model, l, request_.run, machine_).total());
    }

    const SearchRequest& request_;
    const Machine& machine_;
    double best_ = std::numeric_limits<double>::max();
};

TEST(Search, FindsWhatEnumerationFinds) {
    for (const char* cluster : {"h100", "ascend-910"})
        for (const char* model : {"llama3-8b", "mixtral-8x7b"})
            for (const std::int64_t devices : {8, 16, 64}) {
                SearchRequest r = request_of(model, devices, 128);
                r.space.offload = SearchSpace::OffloadChoice::no;
                r.space.micro_batches = {1, 2, 4};
                const Machine m = machine_of(cluster);
                const SearchResult found = search_layouts(r, m);
                const double best = Enumeration(r, m).best();
                if (found.best.empty()) {
                    EXPECT_EQ(best, std::numeric_limits<double>::max()) << model << devices;
                    continue;
                }
                EXPECT_NEAR(found.best.front().step_s, best, 1e-9 * best)
                    << cluster << ' ' << model << ' ' << devices << ' '
                    << to_text(found.best.front().layout);
            }
}

TEST(Search, EveryLayoutFoundIsValidAndFits) {
    const SearchRequest r = request_of("deepseek-v3", 2048, 15360);
    const Machine m = machine_of("h800");
    const SearchResult found = search_layouts(r, m);
    ASSERT_EQ(found.best.size(), r.keep);
    double before = 0;
    for (const Candidate& c : found.best) {
        EXPECT_TRUE(check_layout(r.model, c.layout)) << to_text(c.layout);
        EXPECT_EQ(c.layout.devices(), 2048);
        EXPECT_LE(c.memory.total_gib(), m.cluster.device.memory_gib);
        EXPECT_GE(c.step_s, before);
        before = c.step_s;
    }
}

TEST(Search, IsTheSameEveryTime) {
    const SearchRequest r = request_of("qwen3-235b", 256, 2048);
    const Machine m = machine_of("h100");
    const SearchResult first = search_layouts(r, m);
    const SearchResult second = search_layouts(r, m);
    ASSERT_EQ(first.best.size(), second.best.size());
    for (std::size_t i = 0; i < first.best.size(); ++i)
        EXPECT_EQ(to_text(first.best[i].layout), to_text(second.best[i].layout));
    EXPECT_EQ(first.evaluated, second.evaluated);
}

TEST(Search, SaysWhatWouldFit) {
    const SearchResult found = search_layouts(request_of("llama3-405b", 8, 8), machine_of("h100"));
    EXPECT_TRUE(found.best.empty());
    EXPECT_NE(found.advice.find("nothing fits"), std::string::npos) << found.advice;
    EXPECT_NE(found.advice.find("It fits on "), std::string::npos) << found.advice;
}

// A device of just what the best layout needs holds it only if fragmentation is given back.
TEST(Search, TakesATightLayoutWhereNoOtherFits) {
    const SearchRequest r = request_of("llama3-405b", 8, 8);
    Machine m = machine_of("h100");
    const SearchResult none = search_layouts(r, m);
    ASSERT_TRUE(none.best.empty());
    ASSERT_FALSE(none.nearest.empty());
    const MemoryUse& least = none.nearest.front().memory;
    m.cluster.device.memory_gib = (least.need() + 1) / (1024.0 * 1024.0 * 1024.0);
    ASSERT_GT(least.total_gib(), m.cluster.device.memory_gib);
    EXPECT_FALSE(search_layouts(r, m).best.empty());
    m.cluster.device.memory_gib = (least.need() - 1e6) / (1024.0 * 1024.0 * 1024.0);
    EXPECT_TRUE(search_layouts(r, m).best.empty());
}

TEST(Search, UsesFewerDevicesWhereTheBatchDoesNotDivide) {
    const SearchRequest r = request_of("llama3-8b", 3920, 2048);
    EXPECT_FALSE(search_device_counts(r, machine_of("h100")).best.empty());
}

TEST(Search, ABatchUpToTheGivenOneIsRankedByTimeForASequence) {
    SearchRequest r = request_of("llama3-8b", 24, 100);
    r.batch = SearchRequest::Batch::at_most;
    const SearchResult found = search_layouts(r, machine_of("h100"));
    ASSERT_FALSE(found.best.empty());
    const Candidate& c = found.best.front();
    EXPECT_LE(c.layout.global_batch, 100);
    EXPECT_NEAR(c.score_s, c.step_s * 100 / static_cast<double>(c.layout.global_batch), 1e-9);
}

}  // namespace
}  // namespace suan::train
