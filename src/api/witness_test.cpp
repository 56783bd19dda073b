// Witnesses over HTTP: registration, segments, co-signatures, what is refused, what is shown.
#include "api/testing.hpp"
#include "base/limits.hpp"
#include "log/cosignature.hpp"
#include "log/segment.hpp"
#include "log/verify.hpp"

#include <thread>

namespace suan::api {
namespace {

class WitnessTest : public ApiTest {
protected:
    static crypto::PrivateKey new_key() { return crypto::PrivateKey::generate().value(); }
    static std::string hex(std::span<const std::uint8_t> bytes) { return to_hex(bytes); }

    std::string registration(const std::string& name, const crypto::PublicKey& key) {
        json_lib::object body{{"name", name}, {"title", "bureau"}, {"public_key", key.to_pem()}};
        return json_lib::serialize(body);
    }
    void register_key(const std::string& name, const crypto::PrivateKey& key) {
        ok(op, "POST", "/v1/witnesses", registration(name, key.public_key()));
    }
    std::uint64_t number(std::string_view token, const std::string& target, const char* pointer) {
        return json_lib::value_to<std::uint64_t>(ok(token, "GET", target).at(pointer));
    }
    // The newest block, over everything that was done so far.
    log::SealedBlock close_block() {
        const std::uint64_t seq = log_->head().last_seq;
        world_.clock.advance(Duration::seconds(2));
        const auto deadline = std::chrono::steady_clock::now() + runtime::test_deadline;
        while (log_->head().last_block_seq < seq) {
            if (std::chrono::steady_clock::now() >= deadline) ADD_FAILURE() << "no block";
            std::this_thread::yield();
        }
        return log_->block(log_->head().last_block).value();
    }
    log::BlockCosignature signature(const log::SealedBlock& block, const crypto::PrivateKey& key) {
        return {block.header.number, log::cosign(log_->id(), block.header, key).value()};
    }
    Answer hand_in(const std::vector<log::BlockCosignature>& list, std::string_view token) {
        json_lib::array signatures;
        for (const auto& one : list)
            signatures.push_back(
                json_lib::object{{"block", one.block}, {"signature", hex(one.witness.signature)}});
        json_lib::object body{{"public_key", hex(list.at(0).witness.key)},
                              {"cosignatures", std::move(signatures)}};
        return ask(token, "POST", "/v1/log/cosignatures", json_lib::serialize(body));
    }
    Answer hand_in(const log::BlockCosignature& one) { return hand_in({one}, auditor); }
};

TEST_F(WitnessTest, a_registered_one_signs_and_is_shown) {
    const auto key = new_key();
    register_key("bureau", key);
    const log::SealedBlock block = close_block();
    const Answer taken = hand_in(signature(block, key));
    ASSERT_EQ(taken.status, 200) << taken.body;
    EXPECT_EQ(taken.at("/stored").to_number<int>(), 1);
    EXPECT_EQ(taken.at("/last_block").to_number<std::uint64_t>(), block.header.number);

    const std::string target = fmt::format("/v1/log/blocks/{}", block.header.number);
    const Answer shown = ok("", "GET", target);
    EXPECT_EQ(shown.at("/witnesses").to_number<int>(), 1);
    EXPECT_EQ(shown.at("/cosignatures/0/public_key").as_string(), hex(key.public_key().raw()));
    EXPECT_EQ(hex(log::block_hash(block.header)), shown.at("/sm3").as_string());

    EXPECT_EQ(number(user, "/v1/witnesses", "/witnesses/0/last_block"), block.header.number);
    EXPECT_EQ(number(user, "/v1/witnesses", "/witnesses/0/lag_blocks"), 0U);
    ok(op, "POST", "/v1/funds", R"({"org":"acme","micro_yuan":1})");
    close_block();
    EXPECT_EQ(number(user, "/v1/witnesses", "/witnesses/0/lag_blocks"), 1U);
    const std::string metrics = ok(op, "GET", "/metrics").body;
    EXPECT_NE(metrics.find("suan_witness_lag_blocks{witness=\"bureau\"} 1\n"), std::string::npos);
    EXPECT_NE(metrics.find("suan_witnesses 1\n"), std::string::npos);
    EXPECT_EQ(ok(user, "GET", "/metrics").body.find("witness"), std::string::npos);
}

TEST_F(WitnessTest, a_receipt_carries_the_cosignatures) {
    const auto key = new_key();
    register_key("bureau", key);
    const log::SealedBlock block = close_block();
    ASSERT_EQ(hand_in(signature(block, key)).status, 200);
    const Answer receipt =
        ok(auditor, "GET", fmt::format("/v1/log/receipts/{}", block.header.last_seq));
    EXPECT_EQ(receipt.at("/block/witnesses").to_number<int>(), 1);
}

TEST_F(WitnessTest, handing_in_twice_changes_nothing) {
    const auto key = new_key();
    register_key("bureau", key);
    const log::SealedBlock block = close_block();
    const auto first = signature(block, key);
    ASSERT_EQ(hand_in(first).status, 200);
    const Answer again = hand_in(signature(block, key));
    EXPECT_EQ(again.at("/stored").to_number<int>(), 0);
    EXPECT_EQ(log_->block(block.header.number).value().witnesses, std::vector{first.witness});
}

TEST_F(WitnessTest, what_is_no_witness_is_refused) {
    const auto key = new_key();
    const auto stranger = new_key();
    const log::SealedBlock before = close_block();
    register_key("bureau", key);
    const log::SealedBlock block = close_block();

    EXPECT_EQ(hand_in(signature(block, stranger)).status, 403);
    const Answer early = hand_in(signature(before, key));
    EXPECT_EQ(early.status, 403);
    EXPECT_NE(early.body.find("not a registered witness at block"), std::string::npos);
    EXPECT_EQ(hand_in({signature(block, key)}, user).status, 403);
    EXPECT_EQ(hand_in({signature(block, key)}, op).status, 403);
    EXPECT_EQ(hand_in({signature(block, key)}, "").status, 401);

    auto bad = signature(block, key);
    bad.witness.signature[5] ^= 1;
    const Answer forged = hand_in(bad);
    EXPECT_EQ(forged.status, 400);
    EXPECT_EQ(forged.at("/error/field").as_string(), "cosignatures[0].signature");
    auto future = signature(block, key);
    future.block += 1'000;
    EXPECT_EQ(hand_in(future).status, 404);
    auto other_block = signature(block, key);
    other_block.block -= 1;
    EXPECT_NE(hand_in(other_block).status, 200);
    EXPECT_TRUE(log_->block(block.header.number).value().witnesses.empty());
}

// One bad signature among good ones: nothing of the request is kept.
TEST_F(WitnessTest, a_request_is_taken_whole_or_not) {
    const auto key = new_key();
    register_key("bureau", key);
    const log::SealedBlock block = close_block();
    auto bad = signature(block, key);
    bad.witness.signature.fill(0);
    EXPECT_EQ(hand_in({signature(block, key), bad}, auditor).status, 400);
    EXPECT_TRUE(log_->block(block.header.number).value().witnesses.empty());
    const std::vector<log::BlockCosignature> most(limits::cosignatures_batch_max,
                                                  signature(block, key));
    EXPECT_EQ(hand_in(most, auditor).status, 200);
    auto more = most;
    more.push_back(most[0]);
    EXPECT_EQ(hand_in(more, auditor).at("/error/field").as_string(), "cosignatures");
}

TEST_F(WitnessTest, a_removed_one_signs_no_more) {
    const auto key = new_key();
    register_key("bureau", key);
    const log::SealedBlock block = close_block();
    ok(op, "POST", "/v1/witnesses/bureau/remove", R"({"reason":"key lost"})");
    const log::SealedBlock after = close_block();
    EXPECT_EQ(hand_in(signature(block, key)).status, 200);  // late, and still true
    EXPECT_EQ(hand_in(signature(after, key)).status, 403);
    EXPECT_EQ(ask(op, "POST", "/v1/witnesses/bureau/remove").status, 404);
    const Answer list = ok(user, "GET", "/v1/witnesses");
    EXPECT_EQ(list.at("/witnesses/0/reason").as_string(), "key lost");
    EXPECT_EQ(list.at("/witnesses/0/lag_blocks").to_number<int>(), 0);
}

TEST_F(WitnessTest, registration_wants_an_sm2_key_that_is_not_the_operators) {
    for (const std::string& pem :
         {std::string(), std::string("-----BEGIN PUBLIC KEY-----\nAA\n")}) {
        json_lib::object body{{"name", "w"}, {"public_key", pem}};
        const Answer answer = ask(op, "POST", "/v1/witnesses", json_lib::serialize(body));
        EXPECT_EQ(answer.at("/error/field").as_string(), "public_key");
    }
    const Answer own =
        ask(op, "POST", "/v1/witnesses", registration("w", world_.hub->operator_key()));
    EXPECT_NE(own.body.find("operator's own key"), std::string::npos);
}

TEST_F(WitnessTest, the_log_comes_in_segments) {
    close_block();
    log::ChainVerifier chain(log_->id(), world_.hub->operator_key());
    log::SegmentReading reading;
    reading.start = [&](const log::SegmentHead& head) -> Result<void> {
        EXPECT_EQ(head.log_id, log_->id());
        return {};
    };
    reading.entry = [&](log::Seq seq, std::string_view bytes) { return chain.entry(seq, bytes); };
    reading.block = [&](const log::SealedBlock& block) { return chain.block(block); };
    const auto end = log::read_segment(ok(auditor, "GET", "/v1/log/segment").body, reading);
    ASSERT_TRUE(end) << end.error().context;
    EXPECT_EQ(chain.so_far().blocks, end->last_block);
    EXPECT_EQ(chain.so_far().last_block_seq, log_->head().last_block_seq);
    EXPECT_EQ(ask(auditor, "GET", "/v1/log/segment?from=0").status, 400);
    EXPECT_EQ(ask(auditor, "GET", "/v1/log/segment?from=18446744073709551615").status, 200);
}

}  // namespace
}  // namespace suan::api
