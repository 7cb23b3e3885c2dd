#include "executor/ed25519_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "executor/ssh_encoding.h"

namespace maand {
namespace {

constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
constexpr std::string_view kType = "ssh-ed25519";
constexpr std::size_t kPublicSize = 32, kSeedSize = 32, kSignatureSize = 64;

// The base64 between the two marks, without its line ends.
std::string body_of(std::string_view file) {
  const auto begin = file.find(kBegin);
  if (begin == std::string_view::npos) return {};
  const auto end = file.find(kEnd, begin);
  if (end == std::string_view::npos) return {};
  std::string body(file.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  std::erase_if(body, [](char c) { return c == '\n' || c == '\r'; });
  return body;
}

bool take_word(std::string_view& rest, std::string_view word) { return take_ssh_field(rest) == word; }

// The seed and the public half, from the private section of one key.
std::optional<std::pair<std::string_view, std::string_view>> halves(std::string_view section) {
  const auto check = take_ssh_u32(section);
  if (!check || take_ssh_u32(section) != check || !take_word(section, kType)) return std::nullopt;
  const auto open = take_ssh_field(section);
  const auto both = take_ssh_field(section);
  if (!open || !both || open->size() != kPublicSize || both->size() != kSeedSize + kPublicSize ||
      both->substr(kSeedSize) != *open) {
    return std::nullopt;
  }
  return std::pair{both->substr(0, kSeedSize), *open};
}

}  // namespace

struct Ed25519Key::Secret {
  explicit Secret(std::string_view seed)
      : key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                         reinterpret_cast<const unsigned char*>(seed.data()), seed.size())) {}
  ~Secret() { EVP_PKEY_free(key); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  std::string public_half() const {
    std::string half(kPublicSize, '\0');
    std::size_t size = half.size();
    if (key == nullptr ||
        EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(half.data()), &size) != 1) {
      return {};
    }
    return half;
  }

  EVP_PKEY* key;
};

Ed25519Key::Ed25519Key(std::shared_ptr<const Secret> secret, std::string public_blob)
    : secret_(std::move(secret)), public_blob_(std::move(public_blob)) {}

std::optional<Ed25519Key> Ed25519Key::read(std::string_view file) {
  const auto decoded = base64_decode(body_of(file)).value_or("");
  std::string_view rest = decoded;
  if (!rest.starts_with(kMagic)) return std::nullopt;
  rest.remove_prefix(kMagic.size());
  // Cipher, key derivation and its options: none.
  if (!take_word(rest, "none") || !take_word(rest, "none") || !take_word(rest, "")) return std::nullopt;
  if (take_ssh_u32(rest) != 1u || !take_ssh_field(rest)) return std::nullopt;
  const auto section = take_ssh_field(rest);
  const auto found = section ? halves(*section) : std::nullopt;
  if (!found) return std::nullopt;
  auto secret = std::make_shared<const Secret>(found->first);
  if (secret->public_half() != found->second) return std::nullopt;  // damaged
  return Ed25519Key(std::move(secret), ssh_field(kType) + ssh_field(found->second));
}

std::string Ed25519Key::sign(std::string_view data) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(kSignatureSize, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, secret_->key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(data.data()), data.size()) != 1 ||
      size != kSignatureSize) {
    throw std::runtime_error("OpenSSL refused to sign with the ed25519 key");
  }
  return signature;
}

}  // namespace maand
