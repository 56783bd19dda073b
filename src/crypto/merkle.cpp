#include "crypto/merkle.hpp"

#include "base/assert.hpp"
#include "crypto/sm3.hpp"

#include <string>
#include <utility>

namespace suan::crypto {
namespace {

constexpr char leaf_prefix = 0x00;
constexpr char node_prefix = 0x01;

std::vector<Hash256> hash_rows(const std::string& rows, std::size_t row_size) {
    std::vector<std::string_view> messages;
    messages.reserve(rows.size() / row_size);
    for (std::size_t at = 0; at < rows.size(); at += row_size)
        messages.emplace_back(rows.data() + at, row_size);
    std::vector<Hash256> out(messages.size());
    sm3_many(messages, out);
    return out;
}

// The next level: neighbours paired, an odd last one moved up as it is. This gives the same tree as
// the recursive definition, and hashes a whole level in one batch.
std::vector<Hash256> level_above(const std::vector<Hash256>& level) {
    std::string rows;
    rows.reserve(level.size() / 2 * 65);
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
        rows.push_back(node_prefix);
        rows.append(as_text(level[i]));
        rows.append(as_text(level[i + 1]));
    }
    std::vector<Hash256> above = hash_rows(rows, 65);
    if (level.size() % 2 == 1) above.push_back(level.back());
    return above;
}

}  // namespace

Hash256 merkle_leaf(std::string_view data) {
    std::string row(1, leaf_prefix);
    row.append(data);
    return sm3(row);
}

Hash256 merkle_node(const Hash256& left, const Hash256& right) {
    std::string row(1, node_prefix);
    row.append(as_text(left));
    row.append(as_text(right));
    return sm3(row);
}

std::vector<Hash256> merkle_leaves(std::span<const Hash256> hashes) {
    std::string rows;
    rows.reserve(hashes.size() * 33);
    for (const Hash256& hash : hashes) {
        rows.push_back(leaf_prefix);
        rows.append(as_text(hash));
    }
    return hash_rows(rows, 33);
}

Hash256 merkle_root(std::vector<Hash256> leaves) {
    if (leaves.empty()) return sm3({});
    while (leaves.size() > 1)
        leaves = level_above(leaves);
    return leaves.front();
}

MerkleTree::MerkleTree(std::vector<Hash256> leaves) {
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() > 1)
        levels_.push_back(level_above(levels_.back()));
}

Hash256 MerkleTree::root() const {
    return levels_.back().empty() ? sm3({}) : levels_.back().front();
}

std::vector<Hash256> MerkleTree::path(std::uint64_t index) const {
    SUAN_ASSERT(index < levels_.front().size());
    std::vector<Hash256> path;
    for (const std::vector<Hash256>& level : levels_) {
        const std::uint64_t sibling = index ^ 1;
        if (sibling < level.size()) path.push_back(level[sibling]);
        index /= 2;
    }
    return path;
}

std::vector<Hash256> inclusion_path(std::vector<Hash256> leaves, std::uint64_t index) {
    return MerkleTree(std::move(leaves)).path(index);
}

bool verify_inclusion(const Hash256& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash256> path, const Hash256& root) {
    if (index >= size) return false;
    std::uint64_t last = size - 1;
    Hash256 hash = leaf;
    for (const Hash256& sibling : path) {
        if (last == 0) return false;
        if (index % 2 == 1 || index == last) {
            hash = merkle_node(sibling, hash);
            // Levels where this node was the odd last one added nothing to the path.
            while (index % 2 == 0 && index != 0) {
                index /= 2;
                last /= 2;
            }
        } else {
            hash = merkle_node(hash, sibling);
        }
        index /= 2;
        last /= 2;
    }
    return last == 0 && hash == root;
}

}  // namespace suan::crypto
