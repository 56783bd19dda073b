#include "sched/fair_tree.hpp"

#include "base/money.hpp"

#include <algorithm>

namespace suan::sched {

bool operator<(const ScoreKey& a, const ScoreKey& b) {
    if (a.class_number != b.class_number) return a.class_number < b.class_number;
    const uint128 left = static_cast<uint128>(a.numerator) * b.denominator;
    const uint128 right = static_cast<uint128>(b.numerator) * a.denominator;
    if (left != right) return left < right;
    return a.id < b.id;
}

namespace {

std::uint64_t pair_key(std::uint32_t high, std::uint32_t low) {
    return std::uint64_t{high} << 32 | low;
}

std::size_t at(Branch branch) {
    return static_cast<std::size_t>(branch);
}

void count_kind(Standing& standing, std::uint32_t kind) {
    for (KindCount& entry : standing.kinds) {
        if (entry.kind == kind) {
            ++entry.jobs;
            return;
        }
    }
    standing.kinds.push_back({kind, 1});
    standing.mask |= Kinds::bit(kind);
}

// True when the kind is gone.
bool uncount_kind(Standing& standing, std::uint32_t kind) {
    const auto place = std::find_if(standing.kinds.begin(), standing.kinds.end(),
                                    [kind](const KindCount& e) { return e.kind == kind; });
    SUAN_ASSERT(place != standing.kinds.end());
    if (--place->jobs > 0) return false;
    *place = standing.kinds.back();
    standing.kinds.pop_back();
    return true;
}

// Takes a kind's bit out of a mask unless another kind still stands behind the shared bit.
template <typename Entries>
void drop_bit(std::uint64_t& mask, std::uint32_t kind, const Entries& entries) {
    if (kind >= Kinds::shared_bit) {
        for (const auto& entry : entries) {
            if (entry.kind >= Kinds::shared_bit) return;
        }
    }
    mask &= ~Kinds::bit(kind);
}

}  // namespace

std::uint32_t FairTree::make(TreeNode::Level level, std::uint32_t id, std::uint32_t parent) {
    const auto node = static_cast<std::uint32_t>(nodes_.size());
    TreeNode& made = nodes_.emplace_back();
    made.level = level;
    made.id = id;
    made.parent = parent;
    made.org = parent == nil ? node : nodes_[parent].org;
    return node;
}

std::uint32_t FairTree::org(OrgId id) {
    SUAN_ASSERT(id);
    std::uint32_t node = orgs_.find(id.value);
    if (node != IdIndex::none) return node;
    node = make(TreeNode::Level::org, id.value, nil);
    orgs_.insert(id.value, node);
    return node;
}

std::uint32_t FairTree::project(OrgId org_id, ProjectId id) {
    const std::uint32_t parent = org(org_id);
    const std::uint64_t key = pair_key(parent, id.value);
    std::uint32_t node = projects_.find(key);
    if (node != IdIndex::none) return node;
    node = make(TreeNode::Level::project, id.value, parent);
    projects_.insert(key, node);
    return node;
}

std::uint32_t FairTree::leaf(OrgId org_id, ProjectId project_id, MemberId member) {
    const std::uint32_t parent = project(org_id, project_id);
    const std::uint64_t key = pair_key(parent, member.value);
    std::uint32_t node = members_.find(key);
    if (node != IdIndex::none) return node;
    node = make(TreeNode::Level::member, member.value, parent);
    members_.insert(key, node);
    return node;
}

void FairTree::set_share(OrgId id, const Share& share) {
    SUAN_ASSERT(share.weight >= 1);
    SUAN_ASSERT(share.deserved_milli >= 0);
    const std::uint32_t node = org(id);
    TreeNode& at_org = nodes_[node];
    orgs_over_ -= over(at_org) ? 1U : 0U;
    at_org.deserved_milli = share.deserved_milli;
    at_org.limit_milli = share.limit_milli;
    at_org.weight = share.weight;
    orgs_over_ += over(at_org) ? 1U : 0U;
    touch(node);
}

void FairTree::set_project_weight(OrgId org_id, ProjectId id, std::uint32_t weight) {
    SUAN_ASSERT(weight >= 1);
    const std::uint32_t node = project(org_id, id);
    nodes_[node].weight = weight;
    touch(node);
}

void FairTree::set_horizon(Duration horizon) {
    SUAN_ASSERT(horizon.us >= 0);
    horizon_ms_ = static_cast<std::uint64_t>(horizon.us / 1'000);
    for (std::uint32_t node = 0; node < nodes_.size(); ++node)
        touch(node);
}

void FairTree::touch(std::uint32_t node) {
    TreeNode& touched = nodes_[node];
    if (touched.dirty) return;
    if (!touched.standing[0].listed && !touched.standing[1].listed) return;
    touched.dirty = true;
    dirty_.push_back(node);
}

SiblingList& FairTree::list(std::uint32_t parent, Branch branch) {
    return parent == nil ? roots_[at(branch)] : nodes_[parent].standing[at(branch)].children;
}

ScoreKey FairTree::key_of(std::uint32_t number, Branch branch) const {
    const TreeNode& node = nodes_[number];
    ScoreKey key;
    key.id = node.id;
    if (branch == Branch::firm && node.held_firm < node.deserved_milli) {
        key.class_number = 0;
        key.numerator = static_cast<std::uint64_t>(node.held_firm);
        key.denominator = static_cast<std::uint64_t>(node.deserved_milli);
        return key;
    }
    const std::int64_t over_share =
        branch == Branch::firm ? node.held_firm - node.deserved_milli : node.held_spot;
    const uint128 ahead = static_cast<uint128>(over_share) * horizon_ms_;
    const std::uint64_t bounded = ahead > use_max ? use_max : static_cast<std::uint64_t>(ahead);
    key.numerator = saturating_sum(node.use, bounded);
    key.denominator = node.weight;
    return key;
}

void FairTree::enter(std::uint32_t number, Branch branch) {
    Standing& standing = nodes_[number].standing[at(branch)];
    SUAN_ASSERT(!standing.listed);
    standing.listed = true;
    standing.key = key_of(number, branch);
    SiblingList& siblings = list(nodes_[number].parent, branch);
    Siblings items{nodes_, at(branch)};
    ordered::insert(items, siblings.root, number);
    // Whoever now stands before the cursor must be looked at.
    if (siblings.cursor == nil || items.less(number, siblings.cursor)) siblings.cursor = number;
}

void FairTree::leave(std::uint32_t number, Branch branch) {
    Standing& standing = nodes_[number].standing[at(branch)];
    SUAN_ASSERT(standing.listed);
    standing.listed = false;
    SiblingList& siblings = list(nodes_[number].parent, branch);
    Siblings items{nodes_, at(branch)};
    if (siblings.cursor == number) siblings.cursor = ordered::next(items, number);
    ordered::erase(items, siblings.root, number);
}

void FairTree::rekey(std::uint32_t number, Branch branch) {
    Standing& standing = nodes_[number].standing[at(branch)];
    if (!standing.listed) return;
    const ScoreKey key = key_of(number, branch);
    if (!(key < standing.key) && !(standing.key < key)) {
        standing.key = key;
        return;
    }
    leave(number, branch);
    enter(number, branch);
}

void FairTree::settle() {
    for (const std::uint32_t node : dirty_) {
        nodes_[node].dirty = false;
        rekey(node, Branch::firm);
        rekey(node, Branch::spot);
    }
    dirty_.clear();
}

void FairTree::job_added(std::uint32_t leaf, std::uint32_t kind, Branch branch) {
    count_kind(all_[at(branch)], kind);
    for (std::uint32_t node = leaf; node != nil; node = nodes_[node].parent) {
        Standing& standing = nodes_[node].standing[at(branch)];
        if (node == leaf) {
            standing.mask |= Kinds::bit(kind);
        } else {
            count_kind(standing, kind);
        }
        if (++standing.waiting == 1) enter(node, branch);
    }
}

void FairTree::job_removed(std::uint32_t leaf, std::uint32_t kind, Branch branch) {
    Standing& all = all_[at(branch)];
    if (uncount_kind(all, kind)) drop_bit(all.mask, kind, all.kinds);
    for (std::uint32_t node = leaf; node != nil; node = nodes_[node].parent) {
        Standing& standing = nodes_[node].standing[at(branch)];
        if (node == leaf) {
            const auto has = [kind](const KindQueue& q) { return q.kind == kind; };
            // Out of fair order the jobs wait in the pool's queue: the leaf cannot tell which kinds
            // are left, and keeps their bits until the order changes or its last job leaves.
            const bool elsewhere = standing.queue.empty();
            if (elsewhere && standing.waiting == 1) standing.mask = 0;
            if (!elsewhere && std::none_of(standing.queue.begin(), standing.queue.end(), has)) {
                drop_bit(standing.mask, kind, standing.queue);
            }
        } else if (uncount_kind(standing, kind)) {
            drop_bit(standing.mask, kind, standing.kinds);
        }
        SUAN_ASSERT(standing.waiting > 0);
        if (--standing.waiting == 0) leave(node, branch);
    }
}

void FairTree::hold(std::uint32_t leaf, Tier tier, std::int64_t milli) {
    TreeNode& at_org = nodes_[nodes_[leaf].org];
    orgs_over_ -= over(at_org) ? 1U : 0U;
    for (std::uint32_t node = leaf; node != nil; node = nodes_[node].parent) {
        std::int64_t& held = tier == Tier::spot ? nodes_[node].held_spot : nodes_[node].held_firm;
        held += milli;
        SUAN_ASSERT(held >= 0);
        touch(node);
    }
    if (tier == Tier::reserved) at_org.held_reserved += milli;
    orgs_over_ += over(at_org) ? 1U : 0U;
}

void FairTree::use(std::uint32_t leaf, std::uint64_t inflated) {
    for (std::uint32_t node = leaf; node != nil; node = nodes_[node].parent) {
        nodes_[node].use = saturating_sum(nodes_[node].use, inflated);
        touch(node);
    }
}

void FairTree::halve_uses(unsigned times) {
    for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
        nodes_[node].use = times >= 64 ? 0 : nodes_[node].use >> times;
        touch(node);
    }
}

void FairTree::deflate_uses(std::uint64_t factor) {
    for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
        nodes_[node].use = deflate(nodes_[node].use, factor);
        touch(node);
    }
}

void FairTree::restore_use(std::uint32_t node, std::uint64_t inflated) {
    nodes_[node].use = std::min(inflated, use_max);
    touch(node);
}

std::vector<std::uint32_t> FairTree::sorted(std::uint32_t parent, Branch branch) const {
    std::vector<std::pair<ScoreKey, std::uint32_t>> keyed;
    const SiblingList& siblings =
        parent == nil ? roots_[at(branch)] : nodes_[parent].standing[at(branch)].children;
    // The tree is walked only to list its members; a dirty one may stand in its old place.
    std::vector<std::uint32_t> pending;
    if (siblings.root != nil) pending.push_back(siblings.root);
    while (!pending.empty()) {
        const std::uint32_t node = pending.back();
        pending.pop_back();
        keyed.emplace_back(key_of(node, branch), node);
        const Links& links = nodes_[node].standing[at(branch)].links;
        if (links.left != nil) pending.push_back(links.left);
        if (links.right != nil) pending.push_back(links.right);
    }
    std::sort(keyed.begin(), keyed.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::uint32_t> out;
    for (const auto& entry : keyed)
        out.push_back(entry.second);
    return out;
}

std::uint32_t FairTree::cursor(std::uint32_t parent, Branch branch, std::uint64_t pass) {
    SiblingList& siblings = list(parent, branch);
    if (siblings.cursor_pass != pass) {
        siblings.cursor_pass = pass;
        siblings.cursor = ordered::first(Siblings{nodes_, at(branch)}, siblings.root);
    }
    return siblings.cursor;
}

void FairTree::skip(std::uint32_t node, Branch branch) {
    SiblingList& siblings = list(nodes_[node].parent, branch);
    SUAN_ASSERT(siblings.cursor == node);
    siblings.cursor = ordered::next(Siblings{nodes_, at(branch)}, node);
}

void FairTree::check_invariants() const {
    std::uint32_t over_count = 0;
    for (const TreeNode& node : nodes_) {
        SUAN_ASSERT(node.held_firm >= 0);
        SUAN_ASSERT(node.held_spot >= 0);
        SUAN_ASSERT(node.held_reserved >= 0);
        SUAN_ASSERT(node.held_reserved <= node.held_firm);
        for (const Standing& standing : node.standing) {
            SUAN_ASSERT(standing.listed == (standing.waiting > 0));
            SUAN_ASSERT((standing.mask != 0) == (standing.waiting > 0));
        }
        if (node.level == TreeNode::Level::org && over(node)) ++over_count;
    }
    SUAN_ASSERT(over_count == orgs_over_);
}

}  // namespace suan::sched
