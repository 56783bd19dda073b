// What moving running jobs would free in a pool: proposed on a copy, beside the loop.
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_jobs.hpp"
#include "api/views_names.hpp"
#include "base/limits.hpp"
#include "core/defrag.hpp"
#include "suan/defrag.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;

// A question on its way: what was asked for, the copy, and the names that its answer needs.
struct Question {
    core::DefragInput input;
    sched::Shape gang;
    std::map<OrgId, std::string> orgs;
    std::map<NodeId, std::string> nodes;
    DefragView view;
};
using QuestionPtr = std::shared_ptr<Question>;

// devices_per_task of the largest node when none is named; tasks 0: the largest gang.
MaybeFailure read_gang(const http::Request& request, std::uint32_t devices_max,
                       sched::Shape& gang) {
    const std::optional<std::uint64_t> tasks = request.query_u64("tasks");
    const std::uint64_t devices = request.query_u64("devices_per_task").value_or(devices_max);
    if (tasks && (*tasks < 1 || *tasks > limits::tasks_max))
        return invalid("tasks",
                       fmt::format("must be 1 to {}, or left out for the largest gang, got {}",
                                   limits::tasks_max, *tasks));
    if (devices < 1 || devices > devices_max)
        return invalid("devices_per_task",
                       fmt::format("must be 1 to {}, the most that a node of the pool has, got {}",
                                   devices_max, devices));
    gang.tasks_min = gang.tasks_max = static_cast<std::uint32_t>(tasks.value_or(0));
    gang.devices_per_task = static_cast<std::uint32_t>(devices);
    const std::string_view topology = request.query("topology").value_or("any");
    if (topology == "one_rack") gang.topology = sched::Topology::one_rack;
    if (topology == "one_node") gang.topology = sched::Topology::one_node;
    return std::nullopt;
}

void fill_slots(const Question& question, const sched::Placement& placement,
                google::protobuf::RepeatedPtrField<SlotView>& out) {
    for (const sched::Slot& slot : placement) {
        SlotView& view = *out.Add();
        view.set_node_id(slot.node.value);
        view.set_node(question.nodes.at(slot.node));
        view.set_tasks(slot.tasks);
        for (std::uint64_t mask = slot.device_mask; mask != 0; mask &= mask - 1)
            view.add_devices(static_cast<std::uint32_t>(std::countr_zero(mask)));
    }
}

std::string summary_of(const DefragView& view) {
    const std::string gang =
        fmt::format("{} task{} of {} device{}", view.tasks(), view.tasks() == 1 ? "" : "s",
                    view.devices_per_task(), view.devices_per_task() == 1 ? "" : "s");
    if (view.outcome() == "fits_already") return gang + ": fits already, nothing has to move";
    if (view.outcome() == "not_found")
        return fmt::format("{}: no moves were found that make room; {} of its tasks fit now", gang,
                           view.fits_now());
    return fmt::format(
        "{} would fit after {} move{}, which lose {}.{:02} device hours; {} of its "
        "tasks fit now",
        gang, view.moves_size(), view.moves_size() == 1 ? "" : "s",
        view.lost_milli_device_ms() / 3'600'000'000, view.lost_milli_device_ms() / 36'000'000 % 100,
        view.fits_now());
}

void fill_answer(const Question& question, const core::DefragAnswer& answer, DefragView& out) {
    constexpr const char* outcomes[] = {"fits_already", "moves", "not_found"};
    const sched::Moves& moves = answer.moves;
    out.set_at_us(question.input.now.us);
    out.set_tasks(moves.gang.tasks_max);
    out.set_devices_per_task(moves.gang.devices_per_task);
    out.set_topology(proto_topology(moves.gang.topology));
    out.set_fits_now(moves.fits_now);
    out.set_fits_after(moves.fits_after);
    out.set_outcome(outcomes[static_cast<std::size_t>(moves.outcome)]);
    for (std::size_t i = 0; i < moves.moves.size(); ++i) {
        const sched::Move& move = moves.moves[i];
        const core::DefragInput::Runs& runs = question.input.movable.at(move.lease);
        DefragMoveView& view = *out.add_moves();
        view.set_job_id(runs.job.value);
        view.set_org(question.orgs.at(runs.org));
        view.set_tier(proto_tier(runs.tier));
        view.set_tasks(runs.tasks);
        view.set_milli_devices(runs.milli_devices);
        fill_slots(question, move.from, *view.mutable_from());
        fill_slots(question, move.to, *view.mutable_to());
        view.set_since_checkpoint_ms(move.since_checkpoint.us / 1'000);
        view.set_lost_milli_device_ms(move.lost_milli_ms);
        view.set_lost_micro_yuan(answer.lost[i].micro_yuan);
    }
    out.set_lost_milli_device_ms(moves.lost_milli_ms());
    out.set_lost_micro_yuan(answer.lost_total.micro_yuan);
    fill_slots(question, moves.placement, *out.mutable_gang());
    out.set_summary(summary_of(out));
}

void get_defrag(const CallPtr& call) {
    auto question = std::make_shared<Question>();
    ask(
        call,
        [call, question](const core::State& state, const Viewer&) -> MaybeFailure {
            const std::string name(call->request->param("pool"));
            const core::Pool* pool = state.pool_by_name(name);
            if (pool == nullptr) return not_found(fmt::format("there is no pool {}", name), "pool");
            std::uint32_t devices_max = 0;
            for (const NodeId id : pool->nodes) {
                const core::Node& node = state.nodes.at(id.value);
                question->nodes[id] = node.name;
                devices_max = std::max(devices_max, node.devices);
            }
            if (auto bad = read_gang(*call->request, devices_max, question->gang)) return bad;
            question->input = core::defrag_input(state, *pool);
            for (const auto& [lease, runs] : question->input.movable)
                question->orgs[runs.org] = org_name(state, runs.org);
            question->view.set_pool(name);
            return std::nullopt;
        },
        [question](Call& c) {
            fill_answer(*question, core::propose_defrag(question->input, question->gang),
                        question->view);
            c.answer(question->view);
        });
}

}  // namespace

void add_defrag_routes(http::Router& router, const ContextPtr& context) {
    http::Route route =
        make_route(context,
                   {http::Method::get, "/v1/pools/{pool}/defrag", "propose_defrag",
                    "Moves of running jobs that would make a gang fit, with their price", "centre"},
                   roles::centre, nullptr, DefragView::descriptor(), get_defrag);
    route.description = "A proposal on a copy of the state: nothing is moved by it.";
    route.query = {u64_param("tasks", "of the gang; left out: the largest that moves make fit"),
                   u64_param("devices_per_task", "left out: all of the largest node"),
                   http::QueryParam{.name = "topology",
                                    .type = http::ParamType::choice,
                                    .description = "",
                                    .choices = {"any", "one_rack", "one_node"}}};
    router.add(std::move(route));
}

}  // namespace suan::api
