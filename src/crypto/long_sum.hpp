// Sums of weights times numbers modulo an order, for the batch verifiers alone.
#pragma once

#include "crypto/ec/u256.hpp"

namespace suan::crypto {
namespace {

// A sum of products of 128 and 256 bits: below 2^448 for fewer than 2^64 of them.
struct LongSum {
    std::uint64_t w[7] = {};

    // z has two words, the least significant first.
    void add_product(const std::uint64_t* z, const ec::U256& s) {
        std::uint64_t product[6] = {};
        SUAN_UNROLL
        for (int i = 0; i < 2; ++i)
            ec::add_row(product + i, z[i], s);
        std::uint64_t carry = 0;
        SUAN_UNROLL
        for (int i = 0; i < 6; ++i)
            w[i] = ec::add_carry(w[i], product[i], carry);
        w[6] += carry;
    }

    // Order is a Modular of u256.hpp.
    template <class Order>
    ec::U256 reduced() const {
        const ec::U256 low{{w[0], w[1], w[2], w[3]}};
        const ec::U256 high{{w[4], w[5], w[6], 0}};
        return Order::add(Order::mont_mul(low, Order::mont_one),
                          Order::mont_mul(high, Order::mont_square));
    }
};

}  // namespace
}  // namespace suan::crypto
