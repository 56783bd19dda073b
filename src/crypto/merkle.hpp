// A Merkle tree over SM3, of the shape of RFC 6962 section 2.1:
//   leaf = SM3(0x00 | data),  node = SM3(0x01 | left | right),
// the left subtree of n leaves holding the largest power of two smaller than n. The prefixes keep a
// leaf from being passed off as a node. The root of no leaves is SM3 of the empty text.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace suan::crypto {

Hash256 merkle_leaf(std::string_view data);
Hash256 merkle_node(const Hash256& left, const Hash256& right);

// out[i] = leaf of hashes[i] taken as 32 bytes of data.
std::vector<Hash256> merkle_leaves(std::span<const Hash256> hashes);

Hash256 merkle_root(std::vector<Hash256> leaves);

// All levels of one tree, for those who want the paths of many leaves.
class MerkleTree {
public:
    explicit MerkleTree(std::vector<Hash256> leaves);
    Hash256 root() const;
    // The siblings from leaf `index` up to the root; the leaf exists (asserted).
    std::vector<Hash256> path(std::uint64_t index) const;

private:
    std::vector<std::vector<Hash256>> levels_;  // leaves first, the root alone last
};

// The siblings from leaf `index` up to the root; index < leaves.size() (asserted).
std::vector<Hash256> inclusion_path(std::vector<Hash256> leaves, std::uint64_t index);

// True when `leaf` at `index` of a tree of `size` leaves leads to `root` by exactly `path`
// (RFC 9162, section 2.1.3.2).
bool verify_inclusion(const Hash256& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash256> path, const Hash256& root);

}  // namespace suan::crypto
