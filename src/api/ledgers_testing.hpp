// For tests of tenants' ledgers over HTTP: a ledger "points" of acme with three accounts.
#pragma once

#include "api/testing.hpp"
#include "settle/answer_stream.hpp"
#include "settle/batch.hpp"

#include <algorithm>

namespace suan::api {

class LedgersTest : public ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        // 1 yuan for 1,000 transfers; the orgs have 1,000 yuan.
        prices(1'000'000, 0);
        book = open(admin, "points");
        const Answer opened = ok(admin, "POST", path("/accounts"),
                                 R"({"accounts":[{"id":"a1","unit":1},
            {"id":"a2","unit":1,"debits_must_not_exceed_credits":true},{"id":"b1","unit":2}]})");
        EXPECT_EQ(number(opened, "/created"), 3U);
    }
    void prices(std::int64_t per_thousand, std::int64_t per_day) {
        ok(op, "POST", "/v1/prices",
           fmt::format(R"({{"name":"services","lines":[)"
                       R"({{"service":"ledger_transfers","micro_yuan_per_unit":{}}},)"
                       R"({{"service":"ledger_time","micro_yuan_per_unit":{}}}]}})",
                       per_thousand, per_day));
    }
    std::uint32_t open(const std::string& token, const std::string& name) {
        const Answer made =
            ok(token, "POST", "/v1/ledgers", fmt::format(R"({{"name":"{}"}})", name));
        return static_cast<std::uint32_t>(number(made, "/id"));
    }
    std::string path(const std::string& rest) const {
        return fmt::format("/v1/ledgers/{}{}", book, rest);
    }
    static std::uint64_t number(const Answer& answer, std::string_view pointer) {
        const json_lib::value& value = answer.at(pointer);
        if (value.is_string()) return std::stoull(std::string(value.as_string()));
        return json_lib::value_to<std::uint64_t>(value);
    }
    static std::string text(const Answer& answer, std::string_view pointer) {
        return std::string(answer.at(pointer).as_string());
    }
    Answer send(const std::string& transfers) {
        return ok(user, "POST", path("/transfers"),
                  fmt::format(R"({{"transfers":[{}]}})", transfers));
    }
    static std::string transfer(const std::string& id, const std::string& more = "",
                                std::uint64_t amount = 5) {
        return fmt::format(R"({{"id":"{}","debit":"a1","credit":"a2","amount":{},"unit":1{}}})", id,
                           amount, more);
    }
    std::string codes(const Answer& answer) {
        std::string out;
        for (const auto& result : answer.at("/results").as_array())
            out += (out.empty() ? "" : " ") + std::string(result.at("code").as_string());
        return out;
    }
    std::uint64_t credits(const std::string& account) {
        return number(ok(user, "GET", path("/accounts/" + account)), "/credits_posted");
    }
    // `count` transfers of 1 from a1 to a2 with ids from `first` on.
    settle::DecodedBatch batch(std::uint64_t first, std::uint32_t count) const {
        settle::DecodedBatch out;
        out.book = book;
        for (std::uint32_t i = 0; i < count; ++i) {
            ledger::Transfer transfer{.id = {1, first + i}, .amount = 1};
            transfer.debit_account_id = {0, 0xa1};
            transfer.credit_account_id = {0, 0xa2};
            transfer.ledger = 1;
            transfer.code = 1;
            out.transfers.push_back(transfer);
        }
        return out;
    }
    std::vector<settle::BatchAnswer> answers(const Answer& answer) {
        EXPECT_EQ(answer.status, 200) << answer.body;
        auto decoded = settle::decode_answers(answer.body);
        EXPECT_TRUE(decoded) << decoded.error().context;
        return decoded ? std::move(*decoded) : std::vector<settle::BatchAnswer>{};
    }
    static std::size_t created(const settle::BatchAnswer& answer) {
        const auto* const answered = std::get_if<settle::AnsweredBatch>(&answer);
        if (answered == nullptr) return 0;
        return static_cast<std::size_t>(
            std::count(answered->codes.begin(), answered->codes.end(), settle::Code::created));
    }
    std::uint64_t metered() { return number(ok(admin, "GET", path("")), "/transfers"); }

    std::uint32_t book = 0;
};

}  // namespace suan::api
