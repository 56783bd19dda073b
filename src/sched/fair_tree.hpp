// FairTree: orgs, their projects, the members of those: who holds what, who used what, who is next.
//
// Two orders over the same people: `firm` serves reserved and standard jobs, `spot` serves spot
// jobs. In each, siblings with waiting jobs stand by (class, score, id) as scheduler.hpp says:
//   firm, class 0   held_firm < deserved     held_firm / deserved
//   else, class 1   (use + held_over * horizon) / weight, with held_over = held - deserved in firm
//                   and the spot devices held in spot
// Ratios are compared by cross-multiplication, never rounded. Facts mark nodes dirty; `settle` puts
// them in their new places, once, before the next decision.
//
// The horizon counts at the worth of the last whole half-life (`use.hpp`), so that an order changes
// only with a fact and never by time passing alone.
//
// Each list of siblings has a cursor for the pass in hand: those before it have nothing to offer.
#pragma once

#include "sched/job_table.hpp"
#include "sched/scheduler.hpp"
#include "sched/use.hpp"

#include <array>
#include <vector>

namespace suan::sched {

enum class Branch : std::uint8_t { firm = 0, spot = 1 };
inline Branch branch_of(Tier tier) {
    return tier == Tier::spot ? Branch::spot : Branch::firm;
}

struct SiblingList {
    std::uint32_t root = nil;
    std::uint32_t cursor = nil;
    std::uint64_t cursor_pass = 0;
};

struct ScoreKey {
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;
    std::uint32_t class_number = 1;
    std::uint32_t id = 0;
};
bool operator<(const ScoreKey& a, const ScoreKey& b);

struct KindCount {
    std::uint32_t kind = 0;
    std::uint32_t jobs = 0;
};

// What a node shows in one branch.
struct Standing {
    SiblingList children;
    Links links;
    ScoreKey key;
    std::uint64_t mask = 0;  // kinds of the waiting jobs below
    std::uint32_t waiting = 0;
    bool listed = false;
    std::vector<KindCount> kinds;  // above members: jobs by kind
    JobQueue queue;                // of a member
};

struct TreeNode {
    enum class Level : std::uint8_t { org = 0, project = 1, member = 2 } level = Level::org;
    bool dirty = false;
    std::uint32_t id = 0;
    std::uint32_t parent = nil;
    std::uint32_t org = nil;  // the node of its org
    std::uint32_t weight = 1;
    std::uint64_t use = 0;  // inflated milli-device-milliseconds
    std::int64_t held_firm = 0;
    std::int64_t held_spot = 0;
    std::int64_t held_reserved = 0;        // orgs only; part of held_firm
    std::int64_t deserved_milli = 0;       // orgs only
    std::int64_t limit_milli = INT64_MAX;  // orgs only
    std::uint64_t limited_mask = 0;        // orgs only: kinds that its limits stop in this pass
    std::uint64_t limited_pass = 0;
    std::array<Standing, 2> standing;

    std::int64_t held() const { return held_firm + held_spot; }
};

class FairTree {
public:
    // Nodes are made on first sight and stay.
    std::uint32_t org(OrgId id);
    std::uint32_t project(OrgId org, ProjectId id);
    std::uint32_t leaf(OrgId org, ProjectId project, MemberId member);
    std::uint32_t find_org(OrgId id) const { return orgs_.find(id.value); }
    const TreeNode& operator[](std::uint32_t node) const { return nodes_[node]; }
    TreeNode& operator[](std::uint32_t node) { return nodes_[node]; }
    std::size_t size() const { return nodes_.size(); }

    void set_share(OrgId id, const Share& share);
    void set_project_weight(OrgId org, ProjectId id, std::uint32_t weight);
    void set_horizon(Duration horizon);

    // One waiting job of a kind more or fewer below a member, after its queue was changed.
    void job_added(std::uint32_t leaf, std::uint32_t kind, Branch branch);
    void job_removed(std::uint32_t leaf, std::uint32_t kind, Branch branch);
    void hold(std::uint32_t leaf, Tier tier, std::int64_t milli);  // negative: give back
    void use(std::uint32_t leaf, std::uint64_t inflated);
    void halve_uses(unsigned times);
    void deflate_uses(std::uint64_t factor);
    void restore_use(std::uint32_t node, std::uint64_t inflated);
    void settle();

    // The order of a whole list, from scratch: for questions, not for decisions.
    std::vector<std::uint32_t> sorted(std::uint32_t parent, Branch branch) const;
    ScoreKey key_of(std::uint32_t node, Branch branch) const;
    bool below_share(std::uint32_t org) const {
        return nodes_[org].held_firm < nodes_[org].deserved_milli;
    }

    // Kinds of all waiting jobs of a branch.
    std::uint64_t mask(Branch branch) const { return all_[static_cast<std::size_t>(branch)].mask; }
    SiblingList& list(std::uint32_t parent, Branch branch);
    // The first sibling that the pass has not done with, or nil.
    std::uint32_t cursor(std::uint32_t parent, Branch branch, std::uint64_t pass);
    void skip(std::uint32_t node, Branch branch);

    std::uint32_t orgs_over_share() const { return orgs_over_; }
    void check_invariants() const;

private:
    // For `ordered`, in one branch.
    struct Siblings {
        std::vector<TreeNode>& nodes;
        std::size_t branch;
        Links& links(std::uint32_t n) const { return nodes[n].standing[branch].links; }
        bool less(std::uint32_t a, std::uint32_t b) const {
            return nodes[a].standing[branch].key < nodes[b].standing[branch].key;
        }
    };

    std::uint32_t make(TreeNode::Level level, std::uint32_t id, std::uint32_t parent);
    void touch(std::uint32_t node);
    void enter(std::uint32_t node, Branch branch);
    void leave(std::uint32_t node, Branch branch);
    void rekey(std::uint32_t node, Branch branch);
    bool over(const TreeNode& node) const { return node.held_firm > node.deserved_milli; }

    std::vector<TreeNode> nodes_;
    IdIndex orgs_;
    IdIndex projects_;  // by (org node, project id)
    IdIndex members_;   // by (project node, member id)
    std::array<SiblingList, 2> roots_;
    std::array<Standing, 2> all_;  // only kinds and mask are used
    std::vector<std::uint32_t> dirty_;
    std::uint64_t horizon_ms_ = 0;
    std::uint32_t orgs_over_ = 0;
};

}  // namespace suan::sched
