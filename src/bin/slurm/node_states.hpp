// Nodes as sinfo groups and shows them. Pure.
#pragma once

#include "base/result.hpp"
#include "suan/api.pb.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

struct NodeGroup {
    PoolView pool;
    std::string state;  // idle, mix, alloc, drain, drng, down
    std::vector<std::string> names;
    std::uint32_t devices = 0;  // of each node
};

std::string node_state(const NodeView& node);
enum class NodeLines { by_state, each_node };
std::vector<NodeGroup> node_groups(const std::vector<PoolView>& pools,
                                   const std::vector<NodeView>& nodes, NodeLines lines);
// One line in sinfo's -o format; null: the header.
Result<std::string> node_group_text(std::string_view format, const NodeGroup* group);
// Nullopt for a letter that is not known.
std::optional<std::string> node_field(char letter, const NodeGroup* group);

}  // namespace suan::bin::slurm
