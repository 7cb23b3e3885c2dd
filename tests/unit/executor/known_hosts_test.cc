// Which key is expected of which host, told as tables (sshd(8), R3.8).
#include "executor/known_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>

namespace maand {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Keys A and B are ed25519, E is ECDSA; all made by ssh-keygen for this test.
const std::string kA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPYZ6ZxDSji8oqthGx42GbXmaN6ShvpR4kBsuI9O+E9a";
const std::string kB = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5zU0n5yi99NTo7SAhBgQab6f0uIhw8M61GgqmiCj2w";
const std::string kE =
    "ecdsa-sha2-nistp256 "
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBKyjckJ25881vxOl8snIKbl+wtUdhMdDXtu31Y"
    "Fl/279E1N0pGN1SIoR/ky/pHJACtDUiT7Ohbg6pTQZaJ6f0lg=";
// `ssh-keygen -H` of "10.0.0.5" with A and "[10.0.0.5]:2222" with B.
const std::string kHashedA = "|1|ZyOU649RY2ho9k4IsU4Fgzj2m+U=|10xeLtmvW7GGJQtrWR3FdkdNC0U= " + kA;
const std::string kHashedB = "|1|HMi2pn81Q/3rDou/s6jLYcniCGo=|4Y21WD4a2PyqcapgSTcaJzPKy0g= " + kB;

HostKey key(const std::string& line) { return parse_host_key(line).value(); }

struct VerdictCase {
  const char* meaning;
  std::string file;
  std::string address;
  int port;
  std::string presented;
  HostKeyVerdict verdict;
};

// What a failing case is called in the test's output.
void PrintTo(const VerdictCase& c, std::ostream* out) { *out << c.meaning; }

class Verdicts : public ::testing::TestWithParam<VerdictCase> {};

TEST_P(Verdicts, follow_from_the_file) {
  const auto& c = GetParam();
  SCOPED_TRACE(c.meaning);
  const KnownHosts known(c.file);
  EXPECT_EQ(judge(known.find(known_hosts_name(c.address, c.port)), key(c.presented)), c.verdict);
}

constexpr auto kKnown = HostKeyVerdict::kKnown;
constexpr auto kUnknown = HostKeyVerdict::kUnknown;
constexpr auto kChanged = HostKeyVerdict::kChanged;
constexpr auto kRevoked = HostKeyVerdict::kRevoked;

INSTANTIATE_TEST_SUITE_P(
    Table, Verdicts,
    ::testing::Values(
        VerdictCase{"an empty file knows nobody", "", "10.0.0.5", 22, kA, kUnknown},
        VerdictCase{"plain entry", "10.0.0.5 " + kA + "\n", "10.0.0.5", 22, kA, kKnown},
        VerdictCase{"last line without newline", "# head\n\n10.0.0.5 " + kA, "10.0.0.5", 22, kA, kKnown},
        VerdictCase{"windows line ends", "10.0.0.5 " + kA + "\r\n", "10.0.0.5", 22, kA, kKnown},
        VerdictCase{"comment after the key", "10.0.0.5 " + kA + " root@web\n", "10.0.0.5", 22, kA, kKnown},
        VerdictCase{"another key", "10.0.0.5 " + kA + "\n", "10.0.0.5", 22, kB, kChanged},
        VerdictCase{"a key of another type", "10.0.0.5 " + kA + "\n", "10.0.0.5", 22, kE, kChanged},
        VerdictCase{"one of several keys", "10.0.0.5 " + kA + "\n10.0.0.5 " + kE, "10.0.0.5", 22, kE, kKnown},
        VerdictCase{"another host", "10.0.0.50 " + kA + "\n", "10.0.0.5", 22, kA, kUnknown},
        VerdictCase{"one name of a list", "web,10.0.0.5,web.lan " + kA, "10.0.0.5", 22, kA, kKnown},
        VerdictCase{"names do not heed case", "Web.LAN " + kA, "wEb.lan", 22, kA, kKnown},
        VerdictCase{"port 22 is not another port", "10.0.0.5 " + kA, "10.0.0.5", 2222, kA, kUnknown},
        VerdictCase{"entry with port", "[10.0.0.5]:2222 " + kB, "10.0.0.5", 2222, kB, kKnown},
        VerdictCase{"entry with port is not for port 22", "[10.0.0.5]:2222 " + kB, "10.0.0.5", 22, kB,
                    kUnknown},
        VerdictCase{"IPv6", "[fd00::5]:2222 " + kA, "fd00::5", 2222, kA, kKnown},
        VerdictCase{"wildcard", "*.lan " + kA, "web.lan", 22, kA, kKnown},
        VerdictCase{"wildcard that does not reach", "*.lan " + kA, "web.lan.evil", 22, kA, kUnknown},
        VerdictCase{"question mark", "10.0.0.? " + kA, "10.0.0.5", 22, kA, kKnown},
        VerdictCase{"negation wins", "*.lan,!web.lan " + kA, "web.lan", 22, kA, kUnknown},
        VerdictCase{"hashed", kHashedB + "\n" + kHashedA, "10.0.0.5", 22, kA, kKnown},
        VerdictCase{"hashed with port", kHashedB + "\n" + kHashedA, "10.0.0.5", 2222, kB, kKnown},
        VerdictCase{"hashed and changed", kHashedA, "10.0.0.5", 22, kB, kChanged},
        VerdictCase{"hashed for another host", kHashedA, "10.0.0.6", 22, kA, kUnknown},
        VerdictCase{"revoked beats known", "10.0.0.5 " + kA + "\n@revoked * " + kA, "10.0.0.5", 22, kA,
                    kRevoked},
        VerdictCase{"revoked for another host", "10.0.0.5 " + kA + "\n@revoked web " + kA, "10.0.0.5", 22, kA,
                    kKnown},
        VerdictCase{"a revoked key is no expected key", "@revoked * " + kA, "10.0.0.5", 22, kB, kUnknown},
        VerdictCase{"a certificate authority vouches for nobody", "@cert-authority * " + kA, "10.0.0.5", 22,
                    kA, kUnknown},
        VerdictCase{"a broken line leaves the others alone", "10.0.0.5 ssh-ed25519 !!!\n10.0.0.5 " + kA,
                    "10.0.0.5", 22, kA, kKnown}));

TEST(KnownHosts, tells_every_line_it_cannot_use) {
  const KnownHosts known("@cert-authority * " + kA + "\n" +  //
                         "10.0.0.5 ssh-ed25519\n" +          //
                         "@strange * " + kA + "\n" +         //
                         "|1|nonsense " + kA + "\n" +        //
                         "10.0.0.5 ssh-rsa " + kA.substr(12) + "\n" + "10.0.0.5 " + kA);
  EXPECT_THAT(known.notes(), ElementsAre(HasSubstr("line 1: @cert-authority is ignored"),
                                         HasSubstr("line 2:"), HasSubstr("line 3: unknown marker"),
                                         HasSubstr("line 4: the hashed"), HasSubstr("line 5:")));
}

TEST(HostKeys, have_the_fingerprint_ssh_keygen_prints) {
  EXPECT_EQ(fingerprint(key(kA)), "SHA256:WmqCKiZLBO3dRIuXSjbO38Gw4eC0JjLVtDI8PqKRnPk");
  EXPECT_EQ(fingerprint(key(kE)), "SHA256:TFkXjr1zErFmH3gzTLZfp2IkJ/T1CqOMrIv+RNsJWrk");
  EXPECT_EQ(to_line(key(kE + " a comment")), kE);
}

TEST(HostKeys, that_are_none_are_refused) {
  for (const std::string bad :
       {"", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIPYZ6ZxDSji8oqthGx42GbXmaN6ShvpR4kBsuI9O+E9a",
        "ssh-ed25519 /////w=="}) {
    EXPECT_FALSE(parse_host_key(bad)) << bad;
  }
}

TEST(HostKeyPreference, asks_for_the_types_we_hold_first) {
  EXPECT_TRUE(host_key_preference({}).starts_with("ssh-ed25519,ecdsa-sha2-nistp256"));
  EXPECT_TRUE(host_key_preference({key(kE)}).starts_with("ecdsa-sha2-nistp256,ssh-ed25519"));
  EXPECT_TRUE(
      host_key_preference({{"ssh-rsa", "x"}}).starts_with("rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-ed25519"));
  EXPECT_EQ(host_key_preference({}).find("ssh-dss"), std::string::npos);
}

class KnownHostsFileTest : public ::testing::Test {
 protected:
  KnownHostsFileTest() {
    std::string text = ::testing::TempDir() + "known_hosts.XXXXXX";
    directory_ = ::mkdtemp(text.data());
  }
  ~KnownHostsFileTest() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path path() const { return directory_ / "known_hosts"; }
  std::string content() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(path(), std::ios::binary) << text; }

  std::filesystem::path directory_;
};

TEST_F(KnownHostsFileTest, a_missing_file_knows_nobody) {
  KnownHostsFile file(path());
  EXPECT_THAT(file.find("10.0.0.5").keys, IsEmpty());
}

TEST_F(KnownHostsFileTest, a_file_that_cannot_be_read_is_not_an_empty_one) {
  std::filesystem::create_directory(path());
  KnownHostsFile file(path());
  EXPECT_THROW(file.find("10.0.0.5"), std::runtime_error);
  EXPECT_THROW(file.accept("10.0.0.5", key(kA)), std::runtime_error);
}

TEST_F(KnownHostsFileTest, an_edit_counts_at_once) {
  KnownHostsFile file(path());
  write("10.0.0.5 " + kA + "\n");
  EXPECT_THAT(file.find("10.0.0.5").keys, ElementsAre(key(kA)));
  write("10.0.0.5 " + kB + "\n10.0.0.5 " + kA + "\n");
  EXPECT_THAT(file.find("10.0.0.5").keys, ElementsAre(key(kB), key(kA)));
  std::filesystem::remove(path());
  EXPECT_THAT(file.find("10.0.0.5").keys, IsEmpty());
}

TEST_F(KnownHostsFileTest, accepting_appends_and_keeps_what_was_there) {
  write("# by hand\nweb " + kB);  // no newline at the end
  KnownHostsFile file(path());
  EXPECT_EQ(file.accept("10.0.0.5", key(kA)), kKnown);
  EXPECT_EQ(content(), "# by hand\nweb " + kB + "\n10.0.0.5 " + kA + "\n");
  EXPECT_EQ(file.accept("10.0.0.5", key(kA)), kKnown) << "a second time changes nothing";
  EXPECT_EQ(content(), "# by hand\nweb " + kB + "\n10.0.0.5 " + kA + "\n");
}

TEST_F(KnownHostsFileTest, accepting_never_replaces_a_key) {
  write("10.0.0.5 " + kA + "\n");
  KnownHostsFile file(path());
  EXPECT_EQ(file.accept("10.0.0.5", key(kB)), kChanged);
  write("@revoked * " + kB + "\n");
  EXPECT_EQ(file.accept("10.0.0.9", key(kB)), kRevoked);
  EXPECT_EQ(content(), "@revoked * " + kB + "\n");
}

TEST_F(KnownHostsFileTest, a_new_file_is_private) {
  KnownHostsFile(path()).accept("10.0.0.5", key(kA));
  struct stat st {};
  ASSERT_EQ(::stat(path().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
}

TEST_F(KnownHostsFileTest, many_at_once_lose_no_line) {
  KnownHostsFile mine(path()), other(path());  // two daemons over one file
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        (t % 2 ? mine : other).accept("10.0." + std::to_string(t) + "." + std::to_string(i), key(kA));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const KnownHosts known(content());
  EXPECT_THAT(known.notes(), IsEmpty());
  for (int t = 0; t < 8; ++t) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(known.find("10.0." + std::to_string(t) + "." + std::to_string(i)).keys.size(), 1u);
    }
  }
}

}  // namespace
}  // namespace maand
