// A key as ssh-keygen writes it signs what its public half verifies (RFC 8032,
// OpenSSH's PROTOCOL.key); whatever else a file holds is no ed25519 key.
#include "executor/ed25519_key.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <vector>

#include "executor/known_hosts.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using testing::read_file;
using testing::run_program;

class Ed25519KeyTest : public ::testing::Test {
 protected:
  std::string make(const std::vector<std::string>& options) {
    const auto file = (directory_.path() / ("key" + std::to_string(++made_))).string();
    std::vector<std::string> command = {"ssh-keygen", "-q", "-C", "of a test", "-f", file};
    command.insert(command.end(), options.begin(), options.end());
    run_program(command);
    public_line_ = read_file(file + ".pub");
    return read_file(file);
  }

  TempDir directory_;
  int made_ = 0;
  std::string public_line_;
};

bool verifies(const std::string& public_blob, const std::string& data, const std::string& signature) {
  const auto raw = public_blob.substr(public_blob.size() - 32);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                  reinterpret_cast<const unsigned char*>(raw.data()), raw.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(data.data()),
                          data.size()) == 1;
}

TEST_F(Ed25519KeyTest, signs_what_its_public_half_verifies) {
  const auto key = Ed25519Key::read(make({"-t", "ed25519", "-N", ""}));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->public_blob(), parse_host_key(public_line_).value().blob);
  const auto signature = key->sign("the session and the request");
  EXPECT_TRUE(verifies(key->public_blob(), "the session and the request", signature));
  EXPECT_FALSE(verifies(key->public_blob(), "another request", signature));
}

TEST_F(Ed25519KeyTest, line_ends_of_windows_are_read_over) {
  std::string file;
  for (const char c : make({"-t", "ed25519", "-N", ""}))
    file += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_TRUE(Ed25519Key::read(file));
}

TEST_F(Ed25519KeyTest, other_kinds_of_keys_are_left_to_libssh2) {
  EXPECT_FALSE(Ed25519Key::read(make({"-t", "ecdsa", "-N", ""})));
  EXPECT_FALSE(Ed25519Key::read(make({"-t", "rsa", "-N", ""})));
  EXPECT_FALSE(Ed25519Key::read(make({"-t", "ecdsa", "-m", "PEM", "-N", ""})));
  EXPECT_FALSE(Ed25519Key::read(make({"-t", "ed25519", "-N", "locked with it"})));
  EXPECT_FALSE(Ed25519Key::read(""));
}

TEST_F(Ed25519KeyTest, a_file_that_is_cut_or_damaged_is_no_key_or_the_same_key) {
  const auto file = make({"-t", "ed25519", "-N", ""});
  const auto whole = Ed25519Key::read(file).value();
  for (std::size_t size = 0; size + 2 < file.size(); ++size) {
    EXPECT_FALSE(Ed25519Key::read(std::string_view(file).substr(0, size))) << size << " bytes";
  }
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const char c : {'A', '/', '=', '\n', '\0'}) {
      auto damaged = file;
      damaged[at] = c;
      const auto key = Ed25519Key::read(damaged);
      // A key whose halves disagree would be refused at every login without a word why.
      EXPECT_TRUE(!key || verifies(whole.public_blob(), "data", key->sign("data"))) << "byte " << at;
    }
  }
}

}  // namespace
}  // namespace maand
