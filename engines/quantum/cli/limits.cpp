#include "quantum/cli/limits.hpp"

#include "quantum/backend/noisy_run.hpp"

#include <fmt/format.h>

namespace suan::quantum {

Result<void> check_limits(double yuan, double seconds, double limit_yuan, double limit_seconds) {
    if (limit_yuan > 0 && yuan > limit_yuan)
        return Error{ErrorCode::exhausted,
                     fmt::format("{:.4f} yuan are over the limit of {:.4f}", yuan, limit_yuan)};
    if (limit_seconds > 0 && seconds > limit_seconds)
        return Error{
            ErrorCode::exhausted,
            fmt::format("about {:.2g} s are over the limit of {:.2g} s", seconds, limit_seconds)};
    return {};
}

Result<void> check_limits(const std::vector<NamedText>& files, const std::vector<BatchRun>& runs,
                          const RunOptions& options, unsigned threads, const RunArguments& limits,
                          const Backend* backend) {
    if (!(limits.limit_yuan >= 0) || !(limits.limit_seconds >= 0))
        return Error{ErrorCode::invalid, "--limit-yuan and --limit-seconds are at least 0"};
    if (limits.limit_yuan == 0 && limits.limit_seconds == 0) return {};
    double yuan = 0;
    double seconds = 0;
    for (const BatchRun& run : runs) {
        auto program = parse(files[run.file].name, files[run.file].text);
        if (!program) return std::move(program).error();
        NoisyOptions one;
        one.run = options;
        for (const auto& [name, value] : run.inputs)
            one.run.inputs[name] = value;
        auto e = estimate(std::move(*program), backend, one, threads);
        if (!e) return std::move(e).error();
        yuan += e->yuan;
        seconds += e->seconds;
        // Over it by now: the rest need not be looked at.
        auto good = check_limits(yuan, seconds, limits.limit_yuan, limits.limit_seconds);
        if (!good) return good;
    }
    return {};
}

}  // namespace suan::quantum
