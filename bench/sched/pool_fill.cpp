#include "pool_fill.hpp"

#include "sched/scheduler.hpp"

namespace suan::contest {
namespace {

class PoolFill {
public:
    explicit PoolFill(sched::Rules::Place place) : pool_(rules(place)) {
        pool_.set_share(OrgId{1}, sched::Share{});
    }
    void add_node(std::uint32_t devices) {
        pool_.add_node({.id = NodeId{++nodes_}, .rack = 0, .devices = devices});
    }
    // Whether the pod starts at once; else it is gone.
    bool place(const sim::OpenbPod& pod) {
        sched::WaitingJob job;
        job.id = JobId{++jobs_};
        job.org = OrgId{1};
        job.project = ProjectId{1};
        job.member = MemberId{1};
        job.queued = Time{static_cast<std::int64_t>(jobs_)};
        job.walltime = Duration::hours(24);
        job.shape.devices_per_task = pod.gpus;
        job.shape.milli = pod.gpu_milli;
        pool_.enqueue(job);
        pool_.begin_pass(job.queued);
        while (auto decision = pool_.next()) {
            if (const auto* start = std::get_if<sched::Start>(&*decision)) {
                run(job, *start);
                return true;
            }
            if (const auto* reserve = std::get_if<sched::Reserve>(&*decision))
                pool_.set_reservation(reserve->reservation);
        }
        pool_.dequeue(job.id);
        return false;
    }

private:
    static sched::Rules rules(sched::Rules::Place place) {
        sched::Rules out;
        out.place = place;
        out.preemption = sched::Rules::Preemption::off;
        return out;
    }
    void run(const sched::WaitingJob& job, const sched::Start& start) {
        sched::RunningLease lease;
        lease.id = LeaseId{job.id.value};
        lease.job = job.id;
        lease.org = job.org;
        lease.project = job.project;
        lease.member = job.member;
        lease.shape = job.shape;
        lease.tasks = start.tasks;
        lease.started = lease.last_checkpoint = job.queued;
        lease.ends_by = job.queued + job.walltime;
        lease.placement = start.placement;
        pool_.dequeue(job.id);
        pool_.lease_started(lease);
    }

    sched::PoolScheduler pool_;
    std::uint32_t nodes_ = 0;
    std::uint64_t jobs_ = 0;
};

}  // namespace

Result<FillFigures> fill_pool(const std::string& folder, const std::string& list,
                              std::uint64_t seed, sched::Rules::Place place) {
    auto input = read_openb(folder, list);
    if (!input) return std::move(input).error();
    const auto& [nodes, pods] = *input;

    PoolFill pool(place);
    std::int64_t capacity = 0;
    for (const sim::OpenbNode& node : nodes) {
        if (node.gpus == 0) continue;
        pool.add_node(node.gpus);
        capacity += std::int64_t{node.gpus} * limits::milli_per_device;
    }
    FillFigures out;
    std::int64_t arrived = 0, allocated = 0, in_bin = 0;
    double sum = 0;
    const double begin = thread_seconds();
    for (const std::uint32_t index : sim::openb_arrivals(pods.pods, capacity, seed)) {
        const sim::OpenbPod& pod = pods.pods[index];
        const std::int64_t milli = sim::milli_of(pod);
        arrived += milli;
        if (milli > 0) {
            ++out.pods;
            if (pool.place(pod)) allocated += milli;
        }
        if ((arrived * 100 + capacity / 2) / capacity != 130) continue;
        sum += 100.0 * static_cast<double>(allocated) / static_cast<double>(capacity);
        ++in_bin;
    }
    out.seconds = thread_seconds() - begin;
    out.allocated_percent = in_bin == 0 ? 0 : sum / static_cast<double>(in_bin);
    return out;
}

}  // namespace suan::contest
