#include "settle/advice.hpp"

#include "base/assert.hpp"

#include <array>

namespace suan::settle {
namespace {

// By ledger::Refusal.
constexpr std::array<const char*, ledger::refusals> of_ledger = {
    "made",
    "another transfer of its chain was refused: see that one's code",
    "the last transfer of a batch must not be linked: send what it is linked to with it",
    "leave timestamp zero: the ledger sets it",
    "leave the reserved field zero",
    "use the flags linked, hold, post and void only",
    "give the transfer an id that is not zero",
    "choose another id: all ones is reserved",
    "this id was used with other flags: use a new id for a new transfer",
    "this id was used with another pending id: use a new id for a new transfer",
    "this id was used with another timeout: use a new id for a new transfer",
    "this id was used with another debit account: use a new id for a new transfer",
    "this id was used with another credit account: use a new id for a new transfer",
    "this id was used with another amount: use a new id for a new transfer",
    "this id was used with other user data: use a new id for a new transfer",
    "this id was used with other user data: use a new id for a new transfer",
    "this id was used with other user data: use a new id for a new transfer",
    "this id was used with another unit: use a new id for a new transfer",
    "this id was used with another code: use a new id for a new transfer",
    "it was made before: nothing is left to do",
    "a transfer is one of hold, post and void, or plain",
    "only a post or a void names a pending transfer",
    "name the hold that it ends",
    "the pending id must be the hold's, not its own",
    "only a hold has a timeout",
    "send an amount of 1 or more",
    "a void has amount zero: it releases all",
    "name the unit that the accounts count in",
    "give it a code from 1 on",
    "the two accounts must be different",
    "open the debit account first, or correct its id",
    "open the credit account first, or correct its id",
    "both accounts must count in the same unit",
    "name the unit that the accounts count in",
    "name a hold that was made and is remembered",
    "name a hold: that transfer is none",
    "leave the debit account out, or name the hold's",
    "leave the credit account out, or name the hold's",
    "leave the unit out, or name the hold's",
    "leave the code out, or name the hold's",
    "post at most what is held",
    "the hold was posted before: nothing is left of it",
    "the hold was voided before: nothing is left of it",
    "the hold has run out: make a new one",
    "reopen the debit account, or use another",
    "reopen the credit account, or use another",
    "the debits of the account would pass 2^64: use another account",
    "the credits of the account would pass 2^64: use another account",
    "use a shorter timeout",
    "the debit account may not be overdrawn: credit it first, or send less",
    "the credit account may not take more than was put on its debit side",
    "post or void some holds first: the ledger keeps no more of them",
};

const char* of_signatures(Code code) {
    switch (code) {
        case Code::amount_out_of_range:
            return "send an amount of at most 2^63 - 1";
        case Code::key_not_found:
            return "sign with a key of this ledger: GET its keys";
        case Code::signature_invalid:
            return "sign this transfer, book, key, serial and time with the journal's id";
        case Code::signature_required:
            return "the paying account has keys: send the transfer signed by one of them";
        case Code::key_not_of_account:
            return "sign with a key that the account has now";
        case Code::signature_expired:
            return "its time is over: sign again with a later valid_until";
        case Code::signature_too_long:
            return "sign with a valid_until at most a day ahead";
        case Code::signature_replayed:
            return "sign with a new serial: this one was used";
        default:
            return "sign with a higher serial: this one is too old to be told from a replay";
    }
}

const char* of_contracts(Code code) {
    switch (code) {
        case Code::contract_refused:
            return "a contract of one of the accounts does not allow it: read its text";
        case Code::contract_limit:
            return "a limit of an account's contract would be passed: send less, or later";
        case Code::contract_chain:
            return "an account whose contract reads its balance moves once in a chain";
        case Code::contract_two_phase:
            return "accounts with fees or splits take no holds: send a plain transfer";
        case Code::contract_target:
            return "a fee or split goes to an account with a contract: attach none there";
        case Code::contract_overflow:
            return "the contract's fee is out of range for this amount";
        default:
            return "the ledger refuses a fee or split of it: look at the accounts they go to";
    }
}

}  // namespace

const char* advice(Code code) {
    const auto number = static_cast<std::size_t>(code);
    if (is_ledger_refusal(code)) return of_ledger[number];
    return code < Code::contract_refused ? of_signatures(code) : of_contracts(code);
}

const char* advice(ledger::AccountRefusal refusal) {
    constexpr std::array<const char*, ledger::account_refusals> texts = {
        "opened",
        "leave timestamp zero: the ledger sets it",
        "use the account flags that the format names",
        "give the account an id that is not zero",
        "choose another id: all ones is reserved",
        "the account is there with other flags: use a new id for another account",
        "the account is there with another unit: use a new id for another account",
        "the account is there with another code: use a new id for another account",
        "it was opened before: nothing is left to do",
        "an account has at most one of the two limits",
        "an account begins with balances of zero",
        "name the unit that the account counts in, from 1 on",
        "give it a code from 1 on",
        "the ledger has as many accounts as it can",
    };
    return texts[static_cast<std::size_t>(refusal)];
}

const char* advice(AdminCode code) {
    constexpr std::array<const char*, 14> texts = {
        "done",
        "it is so already: nothing is left to do",
        "an account that has keys keeps at least one: grant another first",
        "the ledger has no book",
        "the centre keeps at most 100000 books",
        "the account was refused",
        "open the account first, or correct its id",
        "a key is a point of the SM2 curve: 04, x, y",
        "add the key to the ledger first, or correct its number",
        "an account has at most 16 keys, a ledger 100000: take one away first",
        "the contract's text is wrong",
        "add the contract first, or correct its number",
        "the ledger has at most 10000 contracts",
        "the number must not be zero",
    };
    const auto number = static_cast<std::size_t>(code);
    SUAN_ASSERT(number < texts.size());
    return texts[number];
}

}  // namespace suan::settle
