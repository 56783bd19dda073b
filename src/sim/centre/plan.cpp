// From a centre file to commands: what is missing in the State, and what contradicts it.
#include "core/centre.hpp"
#include "sim/centre/centre.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace suan::sim {
namespace {

const char* name_of(ExecutorKind kind) {
    return kind == EXECUTOR_KIND_LOCAL ? "local" : kind == EXECUTOR_KIND_SIM ? "sim" : "slurm";
}

const char* name_of(Role role) {
    constexpr const char* names[] = {"none", "operator", "admin", "member", "auditor"};
    return names[std::clamp<int>(role, 0, 4)];
}

// Rules with every default filled in, for comparing.
PoolRules whole(const PoolRules& rules) {
    core::Pool pool;
    pool.rules = core::sched_rules_from(rules);
    pool.limits = core::limits_from(rules);
    return core::rules_to_proto(pool);
}

class Planner {
public:
    Planner(const core::State& state, const CentreFile& centre, const PlanOptions& options)
        : state_(state),
          centre_(centre),
          options_(options),
          next_pool_(state.next_pool),
          next_org_(state.next_org),
          next_project_(state.next_project) {}

    CentrePlan run() {
        for (const CentrePool& pool : centre_.pools)
            plan_pool(pool);
        for (const CentrePriceSheet& sheet : centre_.price_sheets)
            plan_sheet(sheet);
        for (const CentreMember& member : centre_.members)
            plan_member(member, OrgId{}, "");
        for (const CentreOrg& org : centre_.orgs)
            plan_org(org);
        return std::move(out_);
    }

private:
    Command& add() { return out_.commands.emplace_back(); }

    void contradict(FileMark mark, std::string field, std::string message) {
        out_.contradictions.push_back({mark, std::move(field), std::move(message)});
    }

    // The file and the running centre must say the same.
    template <typename T>
    void same(FileMark mark, const std::string& field, const T& file, const T& running) {
        if (file == running) return;
        contradict(mark, field,
                   fmt::format("the file says '{}', the running centre '{}', and this cannot be "
                               "changed: write '{}', or choose another name",
                               file, running, running));
    }

    void plan_pool(const CentrePool& file) {
        const core::Pool* running = state_.pool_by_name(file.spec.name());
        if (running != nullptr) {
            pools_[file.spec.name()] = running->id;
            compare_pool(file, *running);
            return;
        }
        for (int i = 0; i < file.spec.nodes_size(); ++i)
            refuse_taken_node(file, i);
        pools_[file.spec.name()] = PoolId{next_pool_++};
        *add().mutable_define_pool()->mutable_pool() = file.spec;
    }

    void refuse_taken_node(const CentrePool& file, int i) {
        const std::string& name = file.spec.nodes(i).name();
        const core::Node* node = state_.node_by_name(name);
        if (node == nullptr) return;
        contradict(file.node_marks[static_cast<std::size_t>(i)],
                   fmt::format("pools[{}].nodes[{}]", file.spec.name(), name),
                   fmt::format("node {} is in pool {} of the running centre: name this one anew",
                               name, state_.pools.at(node->pool.value).name));
    }

    void compare_pool(const CentrePool& file, const core::Pool& running) {
        const PoolSpec& spec = file.spec;
        const std::string at = fmt::format("pools[{}]", spec.name());
        same(file.mark, at + ".title", spec.title(), running.title);
        same(file.mark, at + ".executor", std::string(name_of(spec.executor())),
             std::string(name_of(running.executor)));
        same(file.mark, at + ".device_type", spec.device_type(), running.device_type);
        same(file.mark, at + ".device_gflops", spec.device_gflops(), running.device_gflops);
        same(file.mark, at + ".sharing", spec.sharing(), running.sharing);
        same(file.mark, at + ".visible_devices", spec.visible_devices_variable(),
             running.visible_devices_variable);
        if (whole(spec.rules()).SerializeAsString() !=
            core::rules_to_proto(running).SerializeAsString()) {
            SetPoolRules& rules = *add().mutable_set_pool_rules();
            rules.set_pool_id(running.id.value);
            *rules.mutable_rules() = spec.rules();
        }
        compare_nodes(file, running, at);
    }

    void compare_nodes(const CentrePool& file, const core::Pool& running, const std::string& at) {
        AddNodes missing;
        missing.set_pool_id(running.id.value);
        std::set<std::string_view> named;
        for (int i = 0; i < file.spec.nodes_size(); ++i) {
            const NodeSpec& node = file.spec.nodes(i);
            named.insert(node.name());
            const core::Node* known = state_.node_by_name(node.name());
            if (known == nullptr) {
                *missing.add_nodes() = node;
                continue;
            }
            if (known->pool != running.id) {
                refuse_taken_node(file, i);
                continue;
            }
            const FileMark mark = file.node_marks[static_cast<std::size_t>(i)];
            const std::string field = fmt::format("{}.nodes[{}]", at, node.name());
            same(mark, field + ".devices", node.devices(), known->devices);
            same(mark, field + ".rack", node.rack(), known->rack);
        }
        for (const NodeId id : running.nodes) {
            const core::Node& node = state_.nodes.at(id.value);
            if (named.count(node.name) != 0) continue;
            contradict(file.mark, fmt::format("{}.nodes[{}]", at, node.name),
                       fmt::format("the running centre has this node with {} devices, the file "
                                   "does not: name it, and drain it if it is to go",
                                   node.devices));
        }
        if (missing.nodes_size() > 0) *add().mutable_add_nodes() = std::move(missing);
    }

    PublishPriceSheet sheet_of(const CentrePriceSheet& file) const {
        PublishPriceSheet out;
        out.set_name(file.name);
        for (const CentrePriceLine& from : file.lines) {
            PriceLine& line = *out.add_lines();
            line.set_line(static_cast<std::uint32_t>(out.lines_size()));
            if (from.service != SERVICE_UNSPECIFIED) {
                line.set_service(from.service);
                line.set_micro_yuan_per_unit(from.micro_yuan_per_unit);
                continue;
            }
            line.set_pool_id(pools_.at(from.pool).value);
            line.set_tier(from.tier);
            line.set_micro_yuan_per_device_hour(from.micro_yuan_per_device_hour);
        }
        return out;
    }

    void plan_sheet(const CentrePriceSheet& file) {
        PublishPriceSheet sheet = sheet_of(file);
        const core::PriceSheet* running = nullptr;
        state_.sheets.for_each([&](std::uint64_t, const core::PriceSheet& each) {
            if (each.name == file.name) running = &each;
        });
        if (running == nullptr) {
            *add().mutable_publish_price_sheet() = std::move(sheet);
            return;
        }
        bool equal = running->lines.size() == static_cast<std::size_t>(sheet.lines_size());
        for (std::size_t i = 0; equal && i < running->lines.size(); ++i) {
            equal = running->lines[i].SerializeAsString() ==
                    sheet.lines(static_cast<int>(i)).SerializeAsString();
        }
        if (!equal) {
            contradict(file.mark, fmt::format("price_sheets[{}].lines", file.name),
                       "the running centre has published this sheet with other lines, and a sheet "
                       "never changes: give the new prices a new name");
        }
    }

    void plan_member(const CentreMember& file, OrgId org, const std::string& org_name) {
        const auto known = state_.member_names.find({org, file.name});
        if (known != state_.member_names.end()) {
            same(file.mark, fmt::format("members[{}].role", file.name),
                 std::string(name_of(file.role)),
                 std::string(name_of(state_.members.at(known->second.value).role)));
            return;
        }
        CreateMember& member = *add().mutable_create_member();
        member.set_org_id(org.value);
        member.set_name(file.name);
        member.set_role(file.role);
        const Hash256 token = options_.token_sm3(org_name, file.name);
        member.set_token_sm3(std::string(as_text(token)));
    }

    void plan_org(const CentreOrg& file) {
        const core::Org* running = state_.org_by_name(file.name);
        const OrgId id = running != nullptr ? running->id : OrgId{next_org_++};
        if (running == nullptr) {
            CreateOrg& org = *add().mutable_create_org();
            org.set_name(file.name);
            org.set_title(file.title);
            grant(file, id);
        } else {
            same(file.mark, fmt::format("orgs[{}].title", file.name), file.title, running->title);
        }
        for (const CentreProject& project : file.projects)
            plan_project(project, id, file.name);
        for (const CentreMember& member : file.members)
            plan_member(member, id, file.name);
        for (const CentreShare& share : file.shares)
            plan_share(share, id, running);
        for (const CentreVoucher& voucher : file.vouchers)
            plan_voucher(voucher, id);
    }

    void grant(const CentreOrg& file, OrgId id) {
        if (file.funds_micro_yuan > 0) {
            FundOrg& fund = *add().mutable_fund_org();
            fund.set_org_id(id.value);
            fund.set_micro_yuan(file.funds_micro_yuan);
            fund.set_note("centre file");
        }
        if (file.budget_micro_yuan >= 0) {
            SetBudget& budget = *add().mutable_set_budget();
            budget.set_org_id(id.value);
            budget.set_micro_yuan(file.budget_micro_yuan);
        }
    }

    void plan_project(const CentreProject& file, OrgId org, const std::string& org_name) {
        if (const core::Project* running = state_.project_by_name(org, file.name)) {
            same(file.mark, fmt::format("orgs[{}].projects[{}].weight", org_name, file.name),
                 file.weight, running->weight);
            return;
        }
        const std::uint32_t id = next_project_++;
        CreateProject& project = *add().mutable_create_project();
        project.set_org_id(org.value);
        project.set_name(file.name);
        project.set_weight(file.weight);
        if (file.budget_micro_yuan < 0) return;
        SetBudget& budget = *add().mutable_set_budget();
        budget.set_org_id(org.value);
        budget.set_project_id(id);
        budget.set_micro_yuan(file.budget_micro_yuan);
    }

    void plan_share(const CentreShare& file, OrgId org, const core::Org* running) {
        const PoolId pool = pools_.at(file.pool);
        if (running != nullptr) {
            const auto known = running->shares.find(pool);
            const std::int64_t limit = file.limit_milli == 0 ? INT64_MAX : file.limit_milli;
            if (known != running->shares.end() &&
                known->second.deserved_milli == file.deserved_milli &&
                known->second.weight == file.weight && known->second.limit_milli == limit) {
                return;
            }
        }
        SetShare& share = *add().mutable_set_share();
        share.set_org_id(org.value);
        share.set_pool_id(pool.value);
        share.set_deserved_milli(file.deserved_milli);
        share.set_weight(file.weight);
        share.set_limit_milli(file.limit_milli);
    }

    // A voucher is known by its org, funder and contract, also after it has expired.
    void plan_voucher(const CentreVoucher& file, OrgId org) {
        bool known = false;
        state_.vouchers.for_each([&](std::uint64_t, const core::Voucher& each) {
            known = known || (each.org == org && each.funder == file.funder &&
                              each.contract == file.contract);
        });
        if (known) return;
        IssueVoucher& voucher = *add().mutable_issue_voucher();
        voucher.set_org_id(org.value);
        voucher.set_funder(file.funder);
        voucher.set_contract(file.contract);
        voucher.set_micro_yuan(file.micro_yuan);
        voucher.set_expires_us(file.expires_us);
        for (const std::string& pool : file.pools)
            voucher.add_pool_ids(pools_.at(pool).value);
        voucher.set_job_cap_micro_yuan(file.job_cap_micro_yuan);
    }

    const core::State& state_;
    const CentreFile& centre_;
    const PlanOptions& options_;
    std::uint32_t next_pool_, next_org_, next_project_;
    std::map<std::string, PoolId> pools_;
    CentrePlan out_;
};

}  // namespace

CentrePlan plan(const core::State& state, const CentreFile& centre, const PlanOptions& options) {
    return Planner(state, centre, options).run();
}

std::function<Hash256(std::string_view, std::string_view)> counted_tokens() {
    return [next = std::uint64_t{0}](std::string_view, std::string_view) mutable {
        std::string bytes;
        append_u64(bytes, ++next);
        Hash256 out{};
        std::copy(bytes.begin(), bytes.end(), out.begin());
        return out;
    };
}

}  // namespace suan::sim
