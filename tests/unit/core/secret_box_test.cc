#include "reconciler/core/secret_box.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace maand {
namespace {

SecretKey key_from(std::uint8_t first) {
  std::array<std::uint8_t, kSecretKeyBytes> bytes;
  for (std::uint8_t& byte : bytes) byte = first++;
  return SecretKey(bytes);
}

SecretNonce nonce_from(std::uint8_t first) {
  SecretNonce nonce;
  for (std::uint8_t& byte : nonce) byte = first++;
  return nonce;
}

// workspace.md 6.6: key 00..1f, nonce 00..0b, plaintext `s3cret`.
constexpr std::string_view kVector = "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQw==";

TEST(SecretBox, Seals_the_vector_of_the_original_and_opens_it) {
  EXPECT_EQ(seal(key_from(0), nonce_from(0), "s3cret"), kVector);
  const Opened opened = unseal(key_from(0), kVector);
  EXPECT_EQ(opened.problem, std::nullopt);
  EXPECT_EQ(opened.plaintext, "s3cret");
}

TEST(SecretBox, Any_bytes_of_any_length_come_back) {
  const SecretKey key = key_from(7);
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u, 1u << 20}) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31);
    const Opened opened = unseal(key, seal(key, nonce_from(1), text));
    EXPECT_EQ(opened.problem, std::nullopt) << size;
    EXPECT_EQ(opened.plaintext, text) << size;
  }
}

TEST(SecretBox, What_cannot_be_opened_is_told_apart) {
  const struct {
    const char* what;
    std::string text;
    SealProblem problem;
  } table[] = {
      {"nothing", "", SealProblem::kNotEncrypted},
      {"a plain value", "s3cret", SealProblem::kNotEncrypted},
      {"another version",
       "enc:v2:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQw==", SealProblem::kNotEncrypted},
      {"another case", "ENC:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQw==", SealProblem::kNotEncrypted},
      {"leading space", " " + std::string(kVector), SealProblem::kNotEncrypted},
      {"nothing after the prefix", "enc:v1:", SealProblem::kBadFormat},
      {"no base64", "enc:v1:AAEC!wQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQw==", SealProblem::kBadFormat},
      {"url-safe base64", "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj__3-d-scRQw==", SealProblem::kBadFormat},
      {"without padding", "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQw", SealProblem::kBadFormat},
      {"too much padding",
       "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQ===", SealProblem::kBadFormat},
      {"padding alone", "enc:v1:====", SealProblem::kBadFormat},
      {"padding in the middle",
       "enc:v1:AAEC==QFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQw==", SealProblem::kBadFormat},
      {"loose bits at the end",
       "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scRQx==", SealProblem::kBadFormat},
      {"a line break", "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9n\nWTj//3+d+scRQw==\n\n\n",
       SealProblem::kBadFormat},
      {"trailing space", std::string(kVector) + "    ", SealProblem::kBadFormat},
      {"nonce and half a tag", "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9n", SealProblem::kBadFormat},
      {"one byte short of an empty text", "enc:v1:" + std::string(36, 'A'), SealProblem::kBadFormat},
      {"a text that lost its last byte", "enc:v1:AAECAwQFBgcICQoLNDG1aaCRJTlhXg9nWTj//3+d+scR",
       SealProblem::kWrongKeyOrDamaged},
      {"nonce and tag of zeros", "enc:v1:" + std::string(38, 'A') + "==", SealProblem::kWrongKeyOrDamaged},
  };
  for (const auto& row : table) {
    const Opened opened = unseal(key_from(0), row.text);
    EXPECT_EQ(opened.problem, row.problem) << row.what;
    EXPECT_EQ(opened.plaintext, "") << row.what;
  }
}

TEST(SecretBox, Another_key_opens_nothing) {
  for (int i = 1; i < 8; ++i) {
    EXPECT_EQ(unseal(key_from(static_cast<std::uint8_t>(i)), kVector).problem,
              SealProblem::kWrongKeyOrDamaged);
  }
}

TEST(SecretBox, No_flipped_bit_goes_unnoticed) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  // Every bit of nonce, ciphertext and tag, as bits of the base64 digits that carry them whole.
  for (std::size_t i = kSealedPrefix.size(); i + 3 < kVector.size(); ++i) {
    for (unsigned bit = 0; bit < 6; ++bit) {
      std::string text(kVector);
      text[i] = digits[digits.find(text[i]) ^ (1u << bit)];
      const Opened opened = unseal(key_from(0), text);
      EXPECT_EQ(opened.problem, SealProblem::kWrongKeyOrDamaged) << text;
      EXPECT_EQ(opened.plaintext, "");
    }
  }
}

TEST(SecretBox, Every_truncation_is_refused) {
  for (std::size_t size = 0; size < kVector.size(); ++size) {
    EXPECT_NE(unseal(key_from(0), kVector.substr(0, size)).problem, std::nullopt) << size;
  }
}

TEST(SecretBox, A_key_that_moved_leaves_nothing_behind) {
  SecretKey first = key_from(1);
  const SecretKey second = std::move(first);
  for (const std::uint8_t byte : first.bytes()) EXPECT_EQ(byte, 0);  // NOLINT: what is left is the question
  EXPECT_EQ(second.bytes()[0], 1);
}

TEST(SecretBox, Wiping_a_text_empties_it) {
  std::string text = "s3cret";
  wipe(text);
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace maand
