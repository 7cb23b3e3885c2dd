#include "reconciler/core/md5.h"

#include <openssl/evp.h>

#include <array>

namespace maand {

std::string md5_hex(std::string_view data) {
  std::array<unsigned char, 16> sum{};
  unsigned length = 0;
  EVP_Digest(data.data(), data.size(), sum.data(), &length, EVP_md5(), nullptr);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : sum) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

}  // namespace maand
