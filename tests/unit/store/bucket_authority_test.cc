// The bucket's CA and what it signs, looked at with OpenSSL's own programs.
#include "reconciler/store/bucket_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "reconciler/core/certificate_facts.h"
#include "reconciler/store/certificate_signing.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class BucketAuthorityTest : public ::testing::Test {
 protected:
  fs::path at(const std::string& name) const { return directory_.path() / name; }
  void lay(const std::string& name, const std::string& text, mode_t mode = 0600) {
    std::ofstream(at(name), std::ios::binary) << text;
    ASSERT_EQ(::chmod(at(name).c_str(), mode), 0);
  }
  std::string read(const std::string& name) const {
    std::ifstream in(at(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "/usr/bin/openssl");
    const testing::ProgramResult result =
        testing::call_program({.argv = std::move(arguments), .cwd = directory_.path()});
    return result.out + result.err;
  }
  void lay(const IssuedPair& pair) {
    lay("ca.crt", pair.certificate, 0644);
    lay("ca.key", pair.key);
  }
  BucketAuthority authority() { return open_bucket_authority(directory_.path())->authority(now_); }
  IssuedPair issue(const CertificateSpec& spec) {
    return open_bucket_authority(directory_.path())
        ->issue({spec,
                 {"127.0.0.1", "10.0.0.1", "fd00:0000:0000:0000:0000:0000:0000:0001"},
                 {"localhost", "db.example.org"},
                 now_,
                 std::chrono::hours(24 * 60)});
  }

  TempDir directory_;
  WallTime now_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
};

TEST_F(BucketAuthorityTest, ACaIsMadeOnceAndItsKeyIsForItsOwnerAlone) {  // workspace.md 12.1
  EXPECT_TRUE(authority().absent);
  EXPECT_EQ(authority().problem, "");
  EXPECT_THROW(issue({"tls"}), CertificateError);
  const auto made = open_bucket_authority(directory_.path());
  made->create(BucketId("b-1"), now_);
  EXPECT_FALSE(authority().absent);
  EXPECT_EQ(authority().problem, "");
  EXPECT_EQ(authority().certificate, read("ca.crt"));
  EXPECT_THROW(made->create(BucketId("b-1"), now_), CertificateError);
  struct stat info {};
  ASSERT_EQ(::stat(at("ca.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(read("ca.key"), StartsWith("-----BEGIN RSA PRIVATE KEY-----\n"))
      << "an original reads it as well";
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()), 2);
  EXPECT_THAT(openssl({"x509", "-in", "ca.crt", "-noout", "-text"}),
              AllOf(HasSubstr("Subject: CN = b-1"), HasSubstr("Issuer: CN = b-1"), HasSubstr("(4096 bit)"),
                    HasSubstr("Basic Constraints: critical\n                CA:TRUE\n"),
                    HasSubstr("Digital Signature, Key Encipherment, Certificate Sign\n"),
                    HasSubstr("Subject Key Identifier"), HasSubstr("sha256WithRSAEncryption")));
  EXPECT_EQ(certificate_facts(read("ca.crt"))->not_after, now_ + std::chrono::hours(24 * 3650));
  lay("leaf.crt", issue({"tls"}).certificate);
  EXPECT_EQ(openssl({"verify", "-CAfile", "ca.crt", "-x509_strict", "leaf.crt"}), "leaf.crt: OK\n");
}

TEST_F(BucketAuthorityTest, WhatACrashLeftHalfWayIsFinished) {
  const IssuedPair pair = make_authority("b-1", CertificateSpec::Key::kEcdsaP256, now_);
  lay("ca.key", pair.key);
  lay("ca.crt.new", pair.certificate, 0644);
  EXPECT_TRUE(authority().absent);
  open_bucket_authority(directory_.path())->create(BucketId("b-1"), now_);
  EXPECT_EQ(authority().certificate, pair.certificate);
  EXPECT_EQ(read("ca.key"), pair.key);
}

TEST_F(BucketAuthorityTest, ACertificateIsGoodForItsNamesAndBothEndsOfAConnection) {  // 12.2
  lay(make_authority("b-1", CertificateSpec::Key::kEcdsaP256, now_));
  using Key = CertificateSpec::Key;
  const struct {
    CertificateSpec spec;
    const char* begins;
    const char* key;
  } kCases[] = {
      {{"tls", "api", false, false, Key::kEcdsaP256}, "-----BEGIN EC PRIVATE KEY-----\n", "prime256v1"},
      {{"tls", "", true, false, Key::kEcdsaP256}, "-----BEGIN PRIVATE KEY-----\n", "prime256v1"},
      {{"tls", "ápi", false, false, Key::kRsa4096}, "-----BEGIN RSA PRIVATE KEY-----\n", "(4096 bit)"}};
  for (const auto& one : kCases) {
    const IssuedPair pair = issue(one.spec);
    EXPECT_THAT(pair.key, StartsWith(one.begins));
    EXPECT_TRUE(key_fits(pair.certificate, pair.key));
    EXPECT_TRUE(signed_by(pair.certificate, read("ca.crt")));
    EXPECT_EQ(is_pkcs8(pair.key), one.spec.pkcs8);
    lay("leaf.crt", pair.certificate);
    const std::string text = openssl({"x509", "-in", "leaf.crt", "-noout", "-text"});
    EXPECT_THAT(
        text,
        AllOf(HasSubstr(one.key), HasSubstr("TLS Web Server Authentication, TLS Web Client Authentication"),
              HasSubstr("Key Usage: critical\n                Digital Signature, Key Encipherment\n"),
              HasSubstr("Basic Constraints: critical\n                CA:FALSE\n"),
              HasSubstr("Authority Key Identifier"),
              HasSubstr("DNS:localhost, DNS:db.example.org, IP Address:127.0.0.1, IP Address:10.0.0.1, "
                        "IP Address:FD00:0:0:0:0:0:0:1")));
    for (const char* purpose : {"sslserver", "sslclient"}) {
      for (const std::vector<std::string>& name :
           std::vector<std::vector<std::string>>{{"-verify_ip", "10.0.0.1"},
                                                 {"-verify_ip", "fd00::1"},
                                                 {"-verify_hostname", "db.example.org"}}) {
        EXPECT_EQ(openssl({"verify", "-CAfile", "ca.crt", "-x509_strict", "-purpose", purpose, name[0],
                           name[1], "leaf.crt"}),
                  "leaf.crt: OK\n")
            << purpose << name[1];
      }
    }
    EXPECT_THAT(openssl({"verify", "-CAfile", "ca.crt", "-verify_ip", "10.0.0.2", "leaf.crt"}),
                Not(HasSubstr("leaf.crt: OK")));
    const auto facts = certificate_facts(pair.certificate);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->common_name, one.spec.common_name);
    EXPECT_EQ(facts->not_before, now_ - std::chrono::minutes(5));
    EXPECT_EQ(facts->not_after, now_ + std::chrono::hours(24 * 60));
    EXPECT_EQ(facts->key, one.spec.key);
  }
  EXPECT_NE(issue({"tls"}).certificate, issue({"tls"}).certificate);
}

TEST_F(BucketAuthorityTest, ACaOfSomebodyElseSignsWhateverItsKeyIs) {
  const std::vector<std::vector<std::string>> kinds = {
      {"-newkey", "rsa:2048"},
      {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"},
      {"-newkey", "ed25519"}};
  for (const std::vector<std::string>& kind : kinds) {
    std::vector<std::string> make = {"req", "-x509", "-nodes", "-subj",   "/CN=mine", "-days",
                                     "30",  "-out",  "ca.crt", "-keyout", "ca.key"};
    make.insert(make.end(), kind.begin(), kind.end());
    openssl(make);
    ::chmod(at("ca.key").c_str(), 0600);
    ASSERT_EQ(authority().problem, "") << kind[1];
    const IssuedPair pair = issue({"tls"});
    lay("leaf.crt", pair.certificate);
    EXPECT_EQ(openssl({"verify", "-CAfile", "ca.crt", "leaf.crt"}), "leaf.crt: OK\n") << kind[1];
    EXPECT_EQ(certificate_facts(pair.certificate)->not_after, certificate_facts(read("ca.crt"))->not_after)
        << "nothing outlives its CA";
  }
  // As an original maand wrote it: PKCS #1.
  openssl({"req", "-x509", "-nodes", "-subj", "/CN=b", "-newkey", "rsa:2048", "-out", "ca.crt", "-keyout",
           "new"});
  openssl({"rsa", "-traditional", "-in", "new", "-out", "ca.key"});
  ::chmod(at("ca.key").c_str(), 0600);
  ASSERT_THAT(read("ca.key"), StartsWith("-----BEGIN RSA PRIVATE KEY-----"));
  EXPECT_TRUE(signed_by(issue({"tls"}).certificate, read("ca.crt")));
}

TEST_F(BucketAuthorityTest, WhatSignsNothingSaysWhyAndWhatToDo) {
  const IssuedPair good = make_authority("b-1", CertificateSpec::Key::kEcdsaP256, now_);
  const IssuedPair other = make_authority("b-2", CertificateSpec::Key::kEcdsaP256, now_);
  const IssuedPair leaf =
      sign_certificate(good, {{"tls"}, {"127.0.0.1"}, {"localhost"}, now_, std::chrono::hours(24)});
  const IssuedPair old =
      make_authority("b-1", CertificateSpec::Key::kEcdsaP256, now_ - std::chrono::hours(24 * 3651));
  const struct {
    const char* what;
    std::function<void()> lay;
    const char* says;
  } kCases[] = {
      {"no key", [&] { lay("ca.crt", good.certificate); },
       "ca.key is missing and the other file of the CA is there"},
      {"no certificate", [&] { lay("ca.key", good.key); },
       "ca.crt is missing and the other file of the CA is there"},
      {"a key for everybody", [&] { lay("ca.crt", good.certificate), lay("ca.key", good.key, 0644); },
       "run `chmod 600 "},
      {"another's key",
       [&] {
         lay({good.certificate, other.key});
       },
       "do not belong together"},
      {"a certificate that may not sign", [&] { lay(leaf); }, "is the certificate of no CA"},
      {"no certificate at all",
       [&] {
         lay({"words", good.key});
       },
       "holds no certificate in PEM"},
      {"one that has ended", [&] { lay(old); }, "has ended: put another CA in its place"},
  };
  for (const auto& one : kCases) {
    fs::remove(at("ca.crt"));
    fs::remove(at("ca.key"));
    one.lay();
    EXPECT_THAT(authority().problem, HasSubstr(one.says)) << one.what;
    EXPECT_FALSE(authority().absent) << one.what;
    EXPECT_THAT(authority().problem, Not(HasSubstr("PRIVATE"))) << one.what;
    EXPECT_THROW(issue({"tls"}), CertificateError) << one.what;
    EXPECT_THROW(open_bucket_authority(directory_.path())->create(BucketId("b-1"), now_), CertificateError)
        << one.what;
  }
}

}  // namespace
}  // namespace maand
