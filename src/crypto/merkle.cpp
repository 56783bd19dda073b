#include "crypto/merkle.hpp"

#include "base/assert.hpp"
#include "crypto/sm3.hpp"

#include <utility>

namespace suan::crypto {
namespace {

constexpr std::string_view leaf_prefix("\x00", 1);
constexpr std::string_view node_prefix("\x01", 1);

// out[i] = SM3(prefix | the i-th `rows` hashes of `data` together).
std::vector<Hash256> hash_rows(std::string_view prefix, std::span<const Hash256> data,
                               std::size_t rows) {
    const std::size_t count = data.size() / rows;
    std::vector<Sm3Message> messages;
    messages.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        messages.push_back({prefix, {reinterpret_cast<const char*>(&data[i * rows]), rows * 32}});
    std::vector<Hash256> out(count);
    sm3_many(messages, out);
    return out;
}

// The next level: neighbours paired, an odd last one moved up as it is. This gives the same tree as
// the recursive definition, and hashes a whole level in one batch.
std::vector<Hash256> level_above(const std::vector<Hash256>& level) {
    std::vector<Hash256> above = hash_rows(node_prefix, level, 2);
    if (level.size() % 2 == 1) above.push_back(level.back());
    return above;
}

}  // namespace

Hash256 merkle_leaf(std::string_view data) {
    return Sm3().update(leaf_prefix).update(data).finish();
}

Hash256 merkle_node(const Hash256& left, const Hash256& right) {
    return Sm3().update(node_prefix).update(left).update(right).finish();
}

std::vector<Hash256> merkle_leaves(std::span<const Hash256> hashes) {
    return hash_rows(leaf_prefix, hashes, 1);
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
