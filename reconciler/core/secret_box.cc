#include "reconciler/core/secret_box.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <stdexcept>

namespace maand {
namespace {

constexpr std::size_t kTagBytes = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }  // wipes its copy of the key
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

std::uint8_t* bytes_of(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }
const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

void require(bool worked) {
  if (!worked) throw std::runtime_error("OpenSSL of this machine cannot do AES-256-GCM; install a full one");
}

std::string to_base64(std::string_view data) {
  std::string text(4 * ((data.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock ends with a NUL
  const int length = EVP_EncodeBlock(bytes_of(text), bytes_of(data), static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// nullopt unless `text` is exactly what to_base64 makes of something.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > INT_MAX) return std::nullopt;
  std::string data(3 * (text.size() / 4), '\0');
  const int length = EVP_DecodeBlock(bytes_of(data), bytes_of(text), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  data.resize(std::min(static_cast<std::size_t>(length), data.size()) - padding);
  // OpenSSL forgives white space, misplaced `=` and loose bits; two spellings of one secret are one too many.
  if (to_base64(data) != text) return std::nullopt;
  return data;
}

}  // namespace

void wipe(std::span<std::uint8_t> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

SecretKey::SecretKey(std::span<const std::uint8_t, kSecretKeyBytes> bytes) {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

SecretKey::~SecretKey() { wipe(bytes_); }

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    wipe(other.bytes_);
  }
  return *this;
}

std::string seal(const SecretKey& key, const SecretNonce& nonce, std::string_view plaintext) {
  if (plaintext.size() > INT_MAX / 2) throw std::runtime_error("a secret of this size cannot be sealed");
  const Context context(EVP_CIPHER_CTX_new());
  require(context != nullptr);
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(), nonce.data()) ==
          1);
  std::string box(nonce.begin(), nonce.end());
  box.resize(kSecretNonceBytes + plaintext.size() + kTagBytes);
  std::uint8_t* const cipher = bytes_of(box) + kSecretNonceBytes;
  int length = 0;
  require(EVP_EncryptUpdate(context.get(), cipher, &length, bytes_of(plaintext),
                            static_cast<int>(plaintext.size())) == 1);
  int rest = 0;
  require(EVP_EncryptFinal_ex(context.get(), cipher + length, &rest) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, cipher + plaintext.size()) ==
          1);
  return std::string(kSealedPrefix) + to_base64(box);
}

Opened unseal(const SecretKey& key, std::string_view sealed) {
  if (!sealed.starts_with(kSealedPrefix)) return {SealProblem::kNotEncrypted, {}};
  std::optional<std::string> box = from_base64(sealed.substr(kSealedPrefix.size()));
  if (!box || box->size() < kSecretNonceBytes + kTagBytes) return {SealProblem::kBadFormat, {}};
  const std::size_t size = box->size() - kSecretNonceBytes - kTagBytes;
  std::uint8_t* const nonce = bytes_of(*box);
  std::uint8_t* const cipher = nonce + kSecretNonceBytes;
  const Context context(EVP_CIPHER_CTX_new());
  require(context != nullptr);
  require(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(), nonce) == 1);
  std::string plaintext(size, '\0');
  int length = 0;
  require(EVP_DecryptUpdate(context.get(), bytes_of(plaintext), &length, cipher, static_cast<int>(size)) ==
          1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, cipher + size) == 1);
  int rest = 0;
  // The text is somebody's only when the tag fits.
  if (EVP_DecryptFinal_ex(context.get(), bytes_of(plaintext) + length, &rest) != 1) {
    wipe(plaintext);
    return {SealProblem::kWrongKeyOrDamaged, {}};
  }
  return {std::nullopt, std::move(plaintext)};
}

}  // namespace maand
