// known_hosts(5), compared with what the real ssh-keygen writes.
#include "gitsource/git_known_hosts.h"

#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace maand {
namespace {

const char* const kEd = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const char* const kEd2 = "AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";

std::string line(const std::string& hosts, const char* key = kEd) {
  return hosts + " ssh-ed25519 " + key + " comment\n";
}

TEST(GitKnownHosts, NamesPortsPatternsAndNegationMatchAsInOpenSsh) {
  const struct {
    const char* hosts;
    const char* host;
    int port;
    std::size_t found;
  } table[] = {
      {"example.org", "example.org", 0, 1},
      {"example.org", "example.org", 22, 1},
      {"example.org", "EXAMPLE.org", 22, 1},
      {"example.org", "example.org", 2222, 0},
      {"[example.org]:2222", "example.org", 2222, 1},
      {"[example.org]:2222", "example.org", 22, 0},
      {"a,b,example.org", "b", 22, 1},
      {"*.example.org", "git.example.org", 22, 1},
      {"*.example.org,!bad.example.org", "bad.example.org", 22, 0},
      {"10.0.0.?", "10.0.0.7", 22, 1},
      {"10.0.0.?", "10.0.0.77", 22, 0},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(std::string(row.hosts) + " for " + row.host + ":" + std::to_string(row.port));
    EXPECT_EQ(find_pinned_host(line(row.hosts), row.host, row.port).keys.size(), row.found);
  }
}

TEST(GitKnownHosts, HashedNamesOfSshKeygenAreFound) {
  const testing::TempDirectory directory("maand-known");
  const auto file = directory.path() / "known_hosts";
  testing::write_file(file, line("git.example.org") + line("[git.example.org]:2222", kEd2));
  testing::run_program({"ssh-keygen", "-q", "-H", "-f", file.string()});
  const std::string hashed = testing::read_file(file);
  ASSERT_EQ(hashed.find("example"), std::string::npos);
  ASSERT_EQ(find_pinned_host(hashed, "git.example.org", 22).keys.size(), 1u);
  ASSERT_EQ(find_pinned_host(hashed, "git.example.org", 2222).keys.size(), 1u);
  EXPECT_NE(find_pinned_host(hashed, "git.example.org", 22).keys[0].blob,
            find_pinned_host(hashed, "git.example.org", 2222).keys[0].blob);
  EXPECT_TRUE(find_pinned_host(hashed, "other.example.org", 22).keys.empty());
}

TEST(GitKnownHosts, AKeyIsKnownChangedUnknownOrRevoked) {
  const PinnedHost known = find_pinned_host(line("h"), "h", 22);
  const PinnedHost other = find_pinned_host(line("h", kEd2), "h", 22);
  const std::string blob = known.keys.at(0).blob;
  EXPECT_EQ(judge_pin(known, blob), PinVerdict::kMatch);
  EXPECT_EQ(judge_pin(other, blob), PinVerdict::kChanged);
  EXPECT_EQ(judge_pin(PinnedHost(), blob), PinVerdict::kUnknown);
  EXPECT_EQ(judge_pin(find_pinned_host(line("h") + line("@revoked h"), "h", 22), blob), PinVerdict::kRevoked);
  EXPECT_TRUE(find_pinned_host(line("@cert-authority h"), "h", 22).authority_only);
  EXPECT_EQ(judge_pin(find_pinned_host(line("@cert-authority h"), "h", 22), blob), PinVerdict::kUnknown);
}

TEST(GitKnownHosts, FingerprintsAreThoseOfSshKeygen) {
  const testing::TempDirectory directory("maand-known");
  testing::write_file(directory.path() / "k.pub", std::string("ssh-ed25519 ") + kEd + " c\n");
  const std::string printed =
      testing::run_program({"ssh-keygen", "-l", "-f", (directory.path() / "k.pub").string()});
  const std::string ours = pin_fingerprint(find_pinned_host(line("h"), "h", 22).keys.at(0).blob);
  ASSERT_TRUE(ours.starts_with("ssh-ed25519 SHA256:"));
  EXPECT_NE(printed.find(ours.substr(ours.find("SHA256:"))), std::string::npos) << printed;
}

TEST(GitKnownHosts, LinesThatMakeNoSenseAreSkipped) {
  const std::string text =
      "# comment\n\nh\nh ssh-ed25519\nh ssh-ed25519 !!!!\n|1|x|y ssh-ed25519 AAAA\n" + line("h");
  EXPECT_EQ(find_pinned_host(text, "h", 22).keys.size(), 1u);
}

}  // namespace
}  // namespace maand
