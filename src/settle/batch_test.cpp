#include "settle/batch.hpp"

#include "settle/admin_codec.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

namespace suan::settle {
namespace {

using namespace testing;

DecodedBatch sample(Form form) {
    DecodedBatch out;
    out.form = form;
    out.book = 3;
    out.transfers = {transfer(1, 1, 2, 5), transfer(2, 2, 3, 6)};
    if (form == Form::plain) return out;
    out.signed_parts = {{1, 7, 99}, {2, 8, 100}};
    out.signatures = {{1, 2}, {3, 4}};
    if (form == Form::signed_point) out.points = {{5}, {6}};
    if (form == Form::signed_hint) out.hints = {1, 2};
    return out;
}

TEST(Batch, EveryFormIsReadAsItWasWritten) {
    for (const std::uint32_t form : {0U, 1U, 2U, 3U}) {
        const std::string bytes = encode_batch(sample(Form{form}));
        const auto batch = decode_batch(bytes);
        ASSERT_TRUE(batch) << batch.error().context;
        EXPECT_EQ(batch->transfers, sample(Form{form}).transfers);
        EXPECT_EQ(batch->signatures, sample(Form{form}).signatures);
        EXPECT_EQ(batch->points, sample(Form{form}).points);
        EXPECT_EQ(batch->hints, sample(Form{form}).hints);
        EXPECT_EQ(encode_batch(*batch), bytes);
    }
}

struct Fault {
    std::size_t offset;
    char value;
    const char* message;
};

TEST(Batch, FaultsAreNamedWithTheirOffset) {
    const Fault faults[] = {
        {0, 'T', "offset 0: magic: expected SUANTRF1"},
        {8, 4, "offset 8: form: expected 0 to 3, found 4"},
        {12, 0, "offset 12: count: expected 1 to 8192, found 0"},
        {13, 0x40, "offset 12: count: expected 1 to 8192, found 16386"},
        {12, 3, "size: expected 680 bytes, found 464"},
        {12, 1, "offset 248: size: expected 248 bytes, found 464"},
        {20, 1, "offset 20: reserved: expected zero"},
        {31, 1, "offset 20: reserved: expected zero"},
        {32 + 132, 1, "offset 164: hint: expected 0, found 1"},
    };
    for (const Fault& fault : faults) {
        std::string bytes = encode_batch(sample(Form::signed_only));
        bytes[fault.offset] = fault.value;
        const auto batch = decode_batch(bytes);
        ASSERT_FALSE(batch) << fault.message;
        EXPECT_NE(batch.error().context.find(fault.message), std::string::npos)
            << batch.error().context;
    }
    EXPECT_FALSE(decode_batch(""));
    EXPECT_FALSE(decode_batch("SUANTRF1"));
}

TEST(Batch, ChangesAreReadAsTheyWereWritten) {
    OpenAccount opened{4, account(9, ledger::account_flags::history, 2)};
    const Admin changes[] = {OpenBook{4},
                             opened,
                             SetGate{4, account_id(9), AccountGate::closed},
                             AddKey{4, raw_key(3)},
                             SetKey{4, account_id(9), 2, KeyRight::revoke},
                             AddContract{4, "debit limit 5 per day;"},
                             AttachContract{4, account_id(9), 1}};
    for (const Admin& change : changes) {
        const std::string bytes = encode_admin(change);
        const auto back = decode_admin(bytes);
        ASSERT_TRUE(back) << back.error().context;
        EXPECT_TRUE(*back == change) << change.index();
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_admin(std::string_view(bytes).substr(0, size))) << size;
        EXPECT_FALSE(decode_admin(bytes + '\0'));
    }
    std::string gate = encode_admin(changes[2]);
    gate[gate.size() - 4] = 2;
    EXPECT_FALSE(decode_admin(gate));
    gate[0] = 8;
    EXPECT_FALSE(decode_admin(gate));
}

}  // namespace
}  // namespace suan::settle
