// A secret at rest: `enc:v1:` + standard padded base64 of (nonce ‖ AES-256-GCM
// ciphertext ‖ tag), without additional data (workspace.md 6.6). Any program
// that has the key can read it: the format is the original's.
//
// Pure: where key and nonce come from is the caller's business. A nonce must
// never be used twice with one key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace maand {

inline constexpr std::string_view kSealedPrefix = "enc:v1:";
inline constexpr std::size_t kSecretKeyBytes = 32;
inline constexpr std::size_t kSecretNonceBytes = 12;

using SecretNonce = std::array<std::uint8_t, kSecretNonceBytes>;

// Key material: wiped when it goes, and not to be copied by accident.
class SecretKey {
 public:
  // The caller wipes what it gives.
  explicit SecretKey(std::span<const std::uint8_t, kSecretKeyBytes> bytes);
  ~SecretKey();
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;

  std::span<const std::uint8_t, kSecretKeyBytes> bytes() const { return bytes_; }

 private:
  std::array<std::uint8_t, kSecretKeyBytes> bytes_{};
};

// Overwrites memory in a way the compiler does not drop.
void wipe(std::span<std::uint8_t> bytes);
void wipe(std::string& text);

// Throws std::runtime_error only when OpenSSL cannot do AES-256-GCM at all.
std::string seal(const SecretKey& key, const SecretNonce& nonce, std::string_view plaintext);

enum class SealProblem {
  kNotEncrypted,       // lacks the prefix
  kBadFormat,          // no canonical base64, or too short to hold a nonce and a tag
  kWrongKeyOrDamaged,  // the tag does not fit; which of the two cannot be told
};

struct Opened {
  std::optional<SealProblem> problem;
  std::string plaintext;  // empty when there is a problem
};

// Total: any bytes give an answer. Named so that it is not ::open.
Opened unseal(const SecretKey& key, std::string_view sealed);

}  // namespace maand
