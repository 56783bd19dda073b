#include "crypto/token.hpp"

#include "crypto/key_file.hpp"

#include <fmt/format.h>

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace suan::crypto {
namespace {

struct FreeUri {
    void operator()(P11KitUri* uri) const { p11_kit_uri_free(uri); }
};
using Uri = std::unique_ptr<P11KitUri, FreeUri>;

std::string reason(CK_RV code) {
    const char* text = p11_kit_strerror(code);
    return text != nullptr ? text : fmt::format("error {:#x}", code);
}

Result<Uri> parsed(std::string_view text) {
    Uri uri(p11_kit_uri_new());
    const std::string copy(text);
    // What stands behind a zero byte would be passed over in silence.
    if (copy.find('\0') != std::string::npos ||
        p11_kit_uri_parse(copy.c_str(), P11_KIT_URI_FOR_ANY, uri.get()) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(uri.get()) != 0)
        return Error{ErrorCode::invalid, "pkcs11: not a URI of RFC 7512 that names an object"};
    if (p11_kit_uri_get_pin_value(uri.get()) != nullptr)
        return Error{ErrorCode::invalid,
                     "pkcs11: pin-value is refused, as other users can read command lines; give "
                     "pin-source=FILE"};
    if (p11_kit_uri_get_attribute(uri.get(), CKA_LABEL) == nullptr &&
        p11_kit_uri_get_attribute(uri.get(), CKA_ID) == nullptr)
        return Error{ErrorCode::invalid, "pkcs11: no object=LABEL in the URI"};
    const CK_ATTRIBUTE* kind = p11_kit_uri_get_attribute(uri.get(), CKA_CLASS);
    if (kind != nullptr && *static_cast<const CK_OBJECT_CLASS*>(kind->pValue) != CKO_DATA)
        return Error{ErrorCode::invalid, "pkcs11: type= must be data or left out"};
    return uri;
}

Result<SecretText> pin_of(P11KitUri* uri) {
    const char* source = p11_kit_uri_get_pin_source(uri);
    if (source == nullptr)
        return Error{ErrorCode::invalid, "pkcs11: no pin-source=FILE in the URI"};
    std::string_view file = source;
    if (file.starts_with("file:")) file.remove_prefix(5);
    auto pin = read_secret_file(file);
    if (!pin) return std::move(pin).error().wrap("pkcs11: pin-source");
    pin->shorten(pin->view().substr(0, pin->view().find_first_of("\r\n")).size());
    return pin;
}

// The modules at work, released with it.
class Modules {
public:
    static Result<Modules> load(const char* path) {
        Modules out;
        if (path == nullptr) {
            out.all_ = p11_kit_modules_load_and_initialize(0);
            if (out.all_ == nullptr)
                return Error{ErrorCode::io, "pkcs11: no module; give module-path=FILE"};
            return out;
        }
        out.one_[0] = p11_kit_module_load(path, 0);
        const CK_RV code =
            out.one_[0] != nullptr ? p11_kit_module_initialize(out.one_[0]) : CKR_GENERAL_ERROR;
        if (code == CKR_OK) return out;
        if (out.one_[0] != nullptr) p11_kit_module_release(out.one_[0]);
        out.one_[0] = nullptr;
        return Error{ErrorCode::io, fmt::format("pkcs11: module {}: {}", path, reason(code))};
    }
    Modules(Modules&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)),
          one_{std::exchange(other.one_[0], nullptr), nullptr} {}
    Modules& operator=(Modules&&) = delete;
    ~Modules() {
        if (all_ != nullptr) p11_kit_modules_finalize_and_release(all_);
        if (one_[0] != nullptr) {
            p11_kit_module_finalize(one_[0]);
            p11_kit_module_release(one_[0]);
        }
    }
    CK_FUNCTION_LIST** begin() { return all_ != nullptr ? all_ : one_; }

private:
    Modules() = default;
    CK_FUNCTION_LIST** all_ = nullptr;
    CK_FUNCTION_LIST* one_[2] = {nullptr, nullptr};
};

// A session with a token, closed with it, which ends the login too.
class Session {
public:
    Session(CK_FUNCTION_LIST* module, CK_SESSION_HANDLE handle)
        : module_(module), handle_(handle) {}
    Session(Session&& other) noexcept
        : module_(std::exchange(other.module_, nullptr)), handle_(other.handle_) {}
    Session& operator=(Session&&) = delete;
    ~Session() {
        if (module_ != nullptr) module_->C_CloseSession(handle_);
    }

    Result<void> login(SecretText& pin) {
        auto* bytes = reinterpret_cast<CK_UTF8CHAR*>(pin.data());
        const CK_RV code = module_->C_Login(handle_, CKU_USER, bytes, pin.size());
        if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
        return Error{
            ErrorCode::forbidden,
            fmt::format("pkcs11: the token refuses the PIN in pin-source: {}", reason(code))};
    }

    // The one object that has these attributes.
    Result<CK_OBJECT_HANDLE> find(std::vector<CK_ATTRIBUTE> attributes) {
        CK_OBJECT_HANDLE found[2] = {};
        CK_ULONG count = 0;
        CK_RV code = module_->C_FindObjectsInit(handle_, attributes.data(), attributes.size());
        if (code == CKR_OK) code = module_->C_FindObjects(handle_, found, 2, &count);
        module_->C_FindObjectsFinal(handle_);
        if (code != CKR_OK) return Error{ErrorCode::io, "pkcs11: find: " + reason(code)};
        if (count == 1) return found[0];
        return Error{ErrorCode::not_found,
                     count == 0 ? "pkcs11: the token has no such data object"
                                : "pkcs11: the URI names several objects; say more of one"};
    }

    Result<SecretText> value(CK_OBJECT_HANDLE object) {
        CK_ATTRIBUTE attribute{CKA_VALUE, nullptr, 0};
        CK_RV code = module_->C_GetAttributeValue(handle_, object, &attribute, 1);
        if (code == CKR_OK && attribute.ulValueLen > key_bytes_max)
            return Error{ErrorCode::invalid, "pkcs11: the object is too long for a key"};
        if (code == CKR_OK) {
            SecretText out(attribute.ulValueLen);
            attribute.pValue = out.data();
            code = module_->C_GetAttributeValue(handle_, object, &attribute, 1);
            if (code == CKR_OK && attribute.ulValueLen == out.size()) return out;
        }
        return Error{ErrorCode::io, "pkcs11: read: " + reason(code)};
    }

private:
    CK_FUNCTION_LIST* module_;
    CK_SESSION_HANDLE handle_;
};

// A session with the one token that the URI names.
Result<Session> open_token(Modules& modules, P11KitUri* uri) {
    std::optional<Session> out;
    for (CK_FUNCTION_LIST** module = modules.begin(); *module != nullptr; ++module) {
        std::vector<CK_SLOT_ID> slots(64);
        CK_ULONG count = slots.size();
        if ((*module)->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) continue;
        slots.resize(count);
        for (const CK_SLOT_ID slot : slots) {
            CK_TOKEN_INFO info{};
            const bool known = (*module)->C_GetTokenInfo(slot, &info) == CKR_OK &&
                               (info.flags & CKF_TOKEN_INITIALIZED) != 0;
            if (!known || p11_kit_uri_match_token_info(uri, &info) == 0) continue;
            if (out)
                return Error{ErrorCode::not_found,
                             "pkcs11: several tokens fit the URI; give token=LABEL or serial="};
            CK_SESSION_HANDLE handle = 0;
            const CK_RV code =
                (*module)->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &handle);
            if (code != CKR_OK)
                return Error{ErrorCode::io, "pkcs11: open the token: " + reason(code)};
            out.emplace(*module, handle);
        }
    }
    if (!out) return Error{ErrorCode::not_found, "pkcs11: no token fits the URI"};
    return std::move(*out);
}

}  // namespace

bool is_token_uri(std::string_view name) {
    return name.starts_with("pkcs11:");
}

Result<SecretText> read_token_object(std::string_view text) {
    auto uri = parsed(text);
    if (!uri) return std::move(uri).error();
    auto pin = pin_of(uri->get());
    if (!pin) return std::move(pin).error();
    // Initialising and ending modules is not for two threads at once.
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    auto modules = Modules::load(p11_kit_uri_get_module_path(uri->get()));
    if (!modules) return std::move(modules).error();
    auto session = open_token(*modules, uri->get());
    if (!session) return std::move(session).error();
    if (auto in = session->login(*pin); !in) return std::move(in).error();
    CK_ULONG count = 0;
    CK_ATTRIBUTE* given = p11_kit_uri_get_attributes(uri->get(), &count);
    std::vector<CK_ATTRIBUTE> attributes(given, given + count);
    CK_OBJECT_CLASS data = CKO_DATA;
    if (p11_kit_uri_get_attribute(uri->get(), CKA_CLASS) == nullptr)
        attributes.push_back({CKA_CLASS, &data, sizeof data});
    auto object = session->find(std::move(attributes));
    if (!object) return std::move(object).error();
    return session->value(*object);
}

}  // namespace suan::crypto
