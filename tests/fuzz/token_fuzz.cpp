// links: suan_crypto
// token: any bytes as the URI of a key in a PKCS #11 token. No PIN file is there, so that every one
// is refused, with an error that says so and never quotes a PIN.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "crypto/token.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace suan;
    const std::string_view text = as_text(std::span(data, size));
    const std::string uri = "pkcs11:" + std::string(text);
    SUAN_ASSERT(crypto::is_token_uri(uri));
    const auto read = crypto::read_token_object(uri);
    SUAN_ASSERT(!read.has_value());
    const std::string& why = read.error().context;
    SUAN_ASSERT(why.starts_with("pkcs11:"));
    // A PIN in the query, which begins at the first question mark: then the error is one of the
    // fixed ones. The name of a file may be quoted, whatever it is.
    const std::size_t query = text.find('?');
    if (query == std::string_view::npos) return 0;
    const std::string rest = "&" + std::string(text.substr(query + 1));
    if (rest.find("&pin-value=") == std::string::npos) return 0;
    SUAN_ASSERT(why.starts_with("pkcs11: pin-value is refused") ||
                why.starts_with("pkcs11: not a URI") || why.starts_with("pkcs11: no object="));
    return 0;
}
