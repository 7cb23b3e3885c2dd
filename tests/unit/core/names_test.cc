// workspace.md, list of differences; R3.8.
#include "reconciler/core/names.h"

#include <gtest/gtest.h>

#include <vector>

namespace maand {
namespace {

using Lines = std::vector<std::string>;

TEST(Names, Jobs) {
  for (const char* good : {"a", "A9", "9", "api-v2.1_x", "0."}) EXPECT_TRUE(is_job_name(good)) << good;
  EXPECT_TRUE(is_job_name(std::string(63, 'a')));
  EXPECT_FALSE(is_job_name(std::string(64, 'a')));
  for (const char* bad : {"", ".git", "-a", "_a", "a b", "a/b", "a$", "a'", "a\n", "ä", "a\\"}) {
    EXPECT_FALSE(is_job_name(bad)) << bad;
  }
}

TEST(Names, Hosts) {
  for (const char* good :
       {"10.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "::", "fe80::1", "2001:db8::8a2e:370:7334",
        "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "1::", "64:ff9b::192.0.2.33", "localhost", "a.b.c",
        "web-1.example.com", "1a", "1.2.3.4.example", "xn--bcher-kva.example", "FE80::A", "Web1"}) {
    EXPECT_TRUE(is_host(good)) << good;
  }
  for (const char* bad : {"",
                          "10.0.0",
                          "10.0.0.256",
                          "10.0.0.1.2",
                          "10.0.0.01",
                          "1",
                          "a.1",
                          "a..b",
                          ".a",
                          "a.",
                          "-a",
                          "a-",
                          "a_b",
                          "a b",
                          "a;b",
                          "$(id)",
                          "10.0.0.1:22",
                          "[::1]",
                          ":",
                          ":::",
                          "1::2::3",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1:2:3:4:5:6:7::8",
                          "fe80::1%eth0",
                          "12345::",
                          "g::",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "1.2.3.4::",
                          ":1:2:3:4:5:6:7",
                          "user@host",
                          "ü.example",
                          "-oProxyCommand=x"}) {
    EXPECT_FALSE(is_host(bad)) << bad;
  }
  EXPECT_TRUE(is_host(std::string(63, 'a')));
  EXPECT_FALSE(is_host(std::string(64, 'a')));
}

TEST(Names, Ports) {
  for (const char* good : {"a", "port_http", "p2"}) EXPECT_TRUE(is_port_name(good)) << good;
  for (const char* bad : {"", "A", "_a", "2p", "a-b", " a", "a.b", "port_HTTP"})
    EXPECT_FALSE(is_port_name(bad)) << bad;
}

TEST(Names, JumpHosts) {
  for (const char* good : {"ops@bastion:22", "a.b@10.0.0.1:2222", "ops@[::1]:22"})
    EXPECT_TRUE(is_jump(good)) << good;
  for (const char* bad :
       {"", "bastion", "ops@bastion", "bastion:22", "ops@bastion:0", "ops@bastion:65536", "ops@::1:22",
        "ops@bastion:22x", "-o@b:22", "a b@c:22", "ops@:22", "@b:22", "ops@[x]:22", "ops@[]:22"}) {
    EXPECT_FALSE(is_jump(bad)) << bad;
  }
}

TEST(Names, PathsStayBelowTheirDirectory) {
  for (const char* good : {"a", "a/b.c", ".hidden", "...", "sp ace", "ünïcode/文", "a/-b"}) {
    EXPECT_EQ(path_problem(good), std::nullopt) << good;
  }
  const struct {
    std::string path;
    const char* problem;
  } kCases[] = {
      {"", "is empty"},
      {"/a", "is absolute"},
      {"a//b", "has an empty component"},
      {"a/", "has an empty component"},
      {"../a", "has the component \"..\""},
      {"a/../b", "has the component \"..\""},
      {"./a", "has the component \".\""},
      {"a\\b", "holds a backslash"},
      {"a\nb", "holds a control character"},
      {"a\x7f", "holds a control character"},
      {std::string("a\0b", 3), "holds a control character"},
      {"a\xff", "is not UTF-8"},
      {"a/\xC0\xAF", "is not UTF-8"},
      {std::string(256, 'a'), "has a component of more than 255 bytes"},
  };
  for (const auto& [path, problem] : kCases) EXPECT_EQ(path_problem(path), problem) << path;
}

TEST(Names, HostKeysLoseTheirComment) {  // R3.8
  const std::string key = "AAAAC3NzaC1lZDI1NTE5AAAAIKtqJ3wJrVGGnL1QJdVrTzKfzs8dXyX9Y1l2ZC0eGm1u";
  EXPECT_EQ(normal_host_key("ssh-ed25519 " + key), "ssh-ed25519 " + key);
  EXPECT_EQ(normal_host_key("  ssh-ed25519   " + key + " root@box\n"), "ssh-ed25519 " + key);
  const Lines kBad = {std::string(),
                      key,
                      "ssh-dss " + key,
                      "ssh-ed25519",
                      "ssh-ed25519 AAAA",
                      "ssh-ed25519 " + key + "!",
                      "10.0.0.1 ssh-ed25519 " + key,
                      "ssh-ed25519 B" + key.substr(1),
                      "ssh-ed25519 " + key + "\nssh-ed25519 " + key};
  for (const std::string& bad : kBad) {
    EXPECT_EQ(normal_host_key(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace maand
