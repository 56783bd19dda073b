#include "sched/impl.hpp"
namespace suan::sched {
using Impl = PoolScheduler::Impl;
std::optional<Preempt> Impl::plan_preemption(std::uint32_t) {
    return std::nullopt;
}
}  // namespace suan::sched
