// Ordered: a balanced search tree (treap) whose links live inside the caller's own slots.
//
// `Items` gives `Links& links(slot)` and a strict total order `bool less(a, b)`. A tree is a root
// slot number, so thousands of small trees cost four bytes each, copy with the vectors that hold
// them, and never allocate. The shape depends on slot numbers; the order seen from outside does
// not. Insert, erase, next: O(log n) expected.
#pragma once

#include <cstdint>

namespace suan::sched {

inline constexpr std::uint32_t nil = UINT32_MAX;

struct Links {
    std::uint32_t left = nil;
    std::uint32_t right = nil;
    std::uint32_t parent = nil;
};

namespace ordered {

// Priority of a slot in the heap order of the treap.
constexpr std::uint32_t weight_of(std::uint32_t slot) {
    std::uint64_t x = slot + 1ULL;
    x *= 0x9E3779B97F4A7C15ULL;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9ULL;
    return static_cast<std::uint32_t>(x >> 32);
}

template <typename Items>
void replace_child(Items& items, std::uint32_t& root, std::uint32_t parent, std::uint32_t from,
                   std::uint32_t to) {
    if (parent == nil) {
        root = to;
    } else if (items.links(parent).left == from) {
        items.links(parent).left = to;
    } else {
        items.links(parent).right = to;
    }
    if (to != nil) items.links(to).parent = parent;
}

// Moves `child` above its parent, keeping the order.
template <typename Items>
void rotate_up(Items& items, std::uint32_t& root, std::uint32_t child) {
    const std::uint32_t parent = items.links(child).parent;
    replace_child(items, root, items.links(parent).parent, parent, child);
    Links& c = items.links(child);
    Links& p = items.links(parent);
    if (p.left == child) {
        p.left = c.right;
        if (p.left != nil) items.links(p.left).parent = parent;
        c.right = parent;
    } else {
        p.right = c.left;
        if (p.right != nil) items.links(p.right).parent = parent;
        c.left = parent;
    }
    p.parent = child;
}

template <typename Items>
void insert(Items& items, std::uint32_t& root, std::uint32_t slot) {
    items.links(slot) = Links{};
    if (root == nil) {
        root = slot;
        return;
    }
    std::uint32_t at = root;
    for (;;) {
        std::uint32_t& child = items.less(slot, at) ? items.links(at).left : items.links(at).right;
        if (child == nil) {
            child = slot;
            break;
        }
        at = child;
    }
    items.links(slot).parent = at;
    while (items.links(slot).parent != nil &&
           weight_of(items.links(slot).parent) < weight_of(slot)) {
        rotate_up(items, root, slot);
    }
}

template <typename Items>
void erase(Items& items, std::uint32_t& root, std::uint32_t slot) {
    for (;;) {
        const Links at = items.links(slot);
        if (at.left == nil || at.right == nil) {
            replace_child(items, root, at.parent, slot, at.left == nil ? at.right : at.left);
            return;
        }
        rotate_up(items, root, weight_of(at.left) > weight_of(at.right) ? at.left : at.right);
    }
}

template <typename Items>
std::uint32_t first(const Items& items, std::uint32_t root) {
    if (root == nil) return nil;
    while (items.links(root).left != nil)
        root = items.links(root).left;
    return root;
}

template <typename Items>
std::uint32_t next(const Items& items, std::uint32_t slot) {
    if (items.links(slot).right != nil) return first(items, items.links(slot).right);
    std::uint32_t parent = items.links(slot).parent;
    while (parent != nil && items.links(parent).right == slot) {
        slot = parent;
        parent = items.links(slot).parent;
    }
    return parent;
}

}  // namespace ordered
}  // namespace suan::sched
