#include "reconciler/core/ids.h"

#include <openssl/evp.h>

#include <new>

namespace maand {

std::string Digest::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

Digest Digest::from_hex(std::string_view hex) {
  const auto nibble = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  Digest out;
  if (hex.size() != out.bytes.size() * 2) return {};
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int high = nibble(hex[2 * i]);
    const int low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return {};
    out.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

Digest sha256(std::string_view data) {
  // OpenSSL looks an algorithm up by its name, under a lock; for short texts that
  // takes longer than the hash.
  static EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  Digest out;
  if (EVP_Digest(data.data(), data.size(), out.bytes.data(), nullptr, kSha256, nullptr) != 1) {
    throw std::bad_alloc();  // the only reason there is
  }
  return out;
}

}  // namespace maand
