#include "runtime/history_rows.hpp"

#include "base/bytes.hpp"

namespace suan::runtime {
namespace {
constexpr std::size_t slot_bytes = 16;
constexpr std::size_t payment_bytes = 12;
}  // namespace

std::string encode_slots(const std::vector<Slot>& slots) {
    std::string out;
    for (const Slot& slot : slots) {
        append_u32(out, slot.node_id());
        append_u32(out, slot.tasks());
        append_u64(out, slot.device_mask());
    }
    return out;
}

std::vector<Slot> decode_slots(std::string_view bytes) {
    std::vector<Slot> out(bytes.size() / slot_bytes);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i].set_node_id(read_u32(bytes, i * slot_bytes));
        out[i].set_tasks(read_u32(bytes, i * slot_bytes + 4));
        out[i].set_device_mask(read_u64(bytes, i * slot_bytes + 8));
    }
    return out;
}

std::string encode_payments(const std::vector<Payment>& payments) {
    std::string out;
    for (const Payment& payment : payments) {
        append_u32(out, payment.voucher_id());
        append_u64(out, static_cast<std::uint64_t>(payment.micro_yuan()));
    }
    return out;
}

std::vector<Payment> decode_payments(std::string_view bytes) {
    std::vector<Payment> out(bytes.size() / payment_bytes);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i].set_voucher_id(read_u32(bytes, i * payment_bytes));
        out[i].set_micro_yuan(static_cast<std::int64_t>(read_u64(bytes, i * payment_bytes + 4)));
    }
    return out;
}

}  // namespace suan::runtime
