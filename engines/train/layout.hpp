// How a model is laid over devices: the degrees of parallelism and how memory is saved.
// The product tp x cp x dp x pp is the number of devices; expert parallelism is carved out of
// dp x cp (Megatron's convention), so experts are held by etp x ep ranks of each stage.
#pragma once

#include "base/result.hpp"
#include "train/cluster.hpp"
#include "train/model.hpp"

#include <cstdint>
#include <string>

namespace suan::train {

enum class Recompute : std::uint8_t { none, selective, full };
enum class SequenceParallel : std::uint8_t { off, on };
enum class Offload : std::uint8_t { none, optimizer };
enum class Precision : std::uint8_t { fp32, fp16, bf16, fp8, fp4 };

struct Layout {
    std::int64_t tp = 1;
    std::int64_t pp = 1;
    std::int64_t dp = 1;
    std::int64_t cp = 1;
    std::int64_t ep = 1;
    std::int64_t etp = 1;  // tensor degree inside an expert
    std::int64_t vpp = 1;  // model chunks per stage; 1 is plain 1F1B
    std::int64_t micro_batch = 1;
    std::int64_t global_batch = 1;
    SequenceParallel sequence_parallel = SequenceParallel::off;
    Recompute recompute = Recompute::none;
    int zero_stage = 0;
    std::int64_t zero_group = 0;  // states are sharded within so many ranks; 0: all of dp
    Offload offload = Offload::none;

    std::int64_t devices() const { return tp * pp * dp * cp; }
    std::int64_t micro_batches() const { return global_batch / (dp * micro_batch); }
    // Layers of the longest stage, and of one chunk of it.
    std::int64_t layers_per_stage(std::int64_t layers) const { return (layers + pp - 1) / pp; }
};

const char* to_string(Recompute recompute);
const char* to_string(Precision precision);
Result<Precision> parse_precision(const std::string& text);
Result<Recompute> parse_recompute(const std::string& text);

// "tp 8 pp 16 dp 4 ..." with what is 1 or off left out.
std::string to_text(const Layout& layout);
// "tp=8,pp=16,dp=4,mbs=1,recompute=full,zero=1,sp": degrees left out are 1, sp is on where tp > 1
// unless "sp=off". The error names the part.
Result<Layout> parse_layout(const std::string& text, std::int64_t global_batch);

// Does the layout divide the model and the devices? The error names the degree and what divides it.
Result<void> check_layout(const ModelShape& model, const Layout& layout);

}  // namespace suan::train
