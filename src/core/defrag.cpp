#include "core/defrag.hpp"

namespace suan::core {

DefragInput defrag_input(const State& state, const Pool& pool) {
    DefragInput out;
    out.now = state.now;
    out.scheduler = pool.scheduler;
    state.leases.for_each([&](std::uint64_t, const Lease& lease) {
        const Job& job = state.jobs.at(lease.job.value);
        const bool saves = job.checkpoint_interval.us > 0 || lease.last_checkpoint > lease.started;
        if (job.pool != pool.id || !saves || lease.stopping != STOP_REASON_UNSPECIFIED) return;
        out.movable[lease.id] = {
            job.id,
            job.org,
            job.tier,
            lease.tasks,
            job.shape.milli_devices(lease.tasks),
            lease.price.per_device_hour};  // in a spot market less than the bid
    });
    return out;
}

DefragAnswer propose_defrag(const DefragInput& input, const sched::Shape& gang) {
    sched::Defrag ask;
    ask.gang = gang;
    for (const auto& [id, runs] : input.movable)
        ask.movable.push_back(id);
    DefragAnswer out;
    if (gang.tasks_max == 0) {
        ask.gang.tasks_min = ask.gang.tasks_max = 1;
        out.moves = sched::propose_moves_for_largest(input.scheduler, ask, input.now);
    } else {
        out.moves = sched::propose_moves(input.scheduler, ask, input.now);
    }
    for (const sched::Move& move : out.moves.moves) {
        const int128 exact =
            static_cast<int128>(move.lost_milli_ms) * input.movable.at(move.lease).price.micro_yuan;
        const Money lost{static_cast<std::int64_t>(exact / (int128{1'000} * 3'600'000))};
        out.lost.push_back(lost);
        out.lost_total += lost;
    }
    return out;
}

}  // namespace suan::core
