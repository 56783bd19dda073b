// links: suan_bin
// Batch scripts and their #SBATCH lines, down to the gang that they ask for.
#include "bin/slurm/mapping.hpp"
#include "bin/slurm/script.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace slurm = suan::bin::slurm;
    const auto words = slurm::script_options({reinterpret_cast<const char*>(data), size});
    if (!words) return 0;
    const auto parsed =
        slurm::parse_options(*words, slurm::submit_rules(), slurm::Words::between_options);
    if (!parsed) return 0;
    const auto submission = slurm::read_submission(parsed->options, suan::Time{1});
    if (!submission) return 0;
    const auto gang = slurm::gang_of(submission->sizes, {"p", "gpu"});
    if (gang && (gang->tasks == 0 || gang->devices_per_task == 0)) __builtin_trap();
    return 0;
}
