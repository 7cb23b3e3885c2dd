// workspace.md 1.1, R1.3, R3.6, R3.8.
#include "reconciler/core/workers_file.h"

#include <gtest/gtest.h>

#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::told;
using Lines = std::vector<std::string>;

struct Parsed {
  std::vector<Worker> workers;
  Lines told;
};

Parsed parse(std::string_view json) {
  Diagnostics diagnostics;
  auto workers = parse_workers(json, "workers.json", diagnostics);
  for (const Diagnostic& one : diagnostics.all()) EXPECT_FALSE(one.advice.empty()) << one.message;
  return {std::move(workers), told(diagnostics)};
}

constexpr const char* kKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtqJ3wJrVGGnL1QJdVrTzKfzs8dXyX9Y1l2ZC0eGm1u";

TEST(WorkersFile, AHostIsEnough) {
  const auto [workers, lines] = parse(R"([{"host": " 10.0.0.1 "}])");
  EXPECT_EQ(lines, Lines{});
  ASSERT_EQ(workers.size(), 1u);
  EXPECT_EQ(workers[0].host, WorkerHost("10.0.0.1"));
  EXPECT_EQ(workers[0].address, "10.0.0.1") << "R3.6: the identity is the address unless another is given";
  EXPECT_EQ(workers[0].labels, Lines{"worker"});
  EXPECT_EQ(workers[0].ssh, SshOverrides{});
  EXPECT_TRUE(workers[0].host_keys.empty());
  EXPECT_EQ(workers[0].memory_mb, 0);
}

TEST(WorkersFile, EveryFieldIsRead) {
  const auto [workers, lines] = parse(R"([{
    "host": "web-1", "address": "fd00::1", "host_key": [")" +
                                      std::string(kKey) + R"( comment"], "hostname": " Web One ",
    "labels": ["Web ", "ssd", "worker"], "tags": {"Zone": " A "}, "position": -3, "memory": "2 gb", "cpu": "4 ghz",
    "ssh": {"port": 2222, "user": "ops", "key": "web.key", "jump": "ops@bastion:22", "use_sudo": false}, "was": null}])");
  EXPECT_EQ(lines, Lines{});
  ASSERT_EQ(workers.size(), 1u);
  const Worker& worker = workers[0];
  EXPECT_EQ(worker.host, WorkerHost("web-1"));
  EXPECT_EQ(worker.address, "fd00::1");
  EXPECT_EQ(worker.host_keys, Lines{kKey});
  EXPECT_EQ(worker.hostname, "Web One");
  EXPECT_EQ(worker.labels, (Lines{"ssd", "web", "worker"}));
  EXPECT_EQ(worker.tags, (std::map<std::string, std::string>{{"zone", "a"}}));
  EXPECT_EQ(worker.position, -3);
  EXPECT_EQ(worker.memory_mb, 2048);
  EXPECT_EQ(worker.cpu_mhz, 4000);
  EXPECT_EQ(worker.ssh, (SshOverrides{2222, "ops", "web.key", "ops@bastion:22", false}));
}

TEST(WorkersFile, WhatIsBlankIsLeftOut) {  // workspace.md 1.1
  const auto [workers, lines] =
      parse(R"([{"host": "a", "memory": " ", "cpu": "", "hostname": "  ", "labels": null, "tags": null}])");
  EXPECT_EQ(lines, Lines{});
  ASSERT_EQ(workers.size(), 1u);
  EXPECT_EQ(workers[0].memory_mb, 0);
  EXPECT_EQ(workers[0].cpu_mhz, 0);
  EXPECT_EQ(workers[0].hostname, "");
  EXPECT_EQ(workers[0].labels, Lines{"worker"});
}

TEST(WorkersFile, HostKeyMayBeOneOrAList) {  // R3.8
  EXPECT_EQ(parse(R"([{"host": "a", "host_key": ")" + std::string(kKey) + "\"}]").workers[0].host_keys,
            Lines{kKey});
}

TEST(WorkersFile, WorkersAreOrderedByPositionThenHost) {  // workspace.md 1.5
  const auto [workers, lines] =
      parse(R"([{"host": "c"}, {"host": "b", "position": 0}, {"host": "a", "position": 5}, {"host": "d"}])");
  std::string order;
  for (const Worker& worker : workers) order += worker.host.str();
  EXPECT_EQ(order, "bcda");
  EXPECT_EQ(lines, Lines{});
}

TEST(WorkersFile, NoWorkerAtAllIsAnError) {  // R1.3
  for (const char* text : {"[]", "null"}) {
    EXPECT_EQ(parse(text).told, Lines{"error lists no worker, and nothing is stopped because of that"})
        << text;
  }
}

TEST(WorkersFile, LabelWorkerMayBeListedAndOtherDuplicatesAreTold) {
  EXPECT_EQ(parse(R"([{"host": "a", "labels": ["worker", "Worker", "x", " X", ""]}])").told,
            (Lines{"warning [0].labels[3]: \"x\" is listed twice",
                   "warning [0].labels[4]: is empty and is ignored"}));
}

TEST(WorkersFile, TellsWhatIsWrong) {
  const struct {
    const char* json;
    const char* told;
  } kCases[] = {
      {R"({})", "error must be a list, not an object"},
      {R"([5])", "error [0]: must be an object, not 5"},
      {R"([{}])", "error [0].host: is missing"},
      {R"([{"host": ""}])", "error [0].host: is missing"},
      {R"([{"host": " \t"}])", "error [0].host: is missing"},
      {R"([{"host": 5}])", "error [0].host: must be text, not 5"},
      {R"([{"host": "10.0.0.256"}])", "error [0].host: \"10.0.0.256\" is no host"},
      {R"([{"host": "-oProxyCommand=x"}])", "error [0].host: \"-oProxyCommand=x\" is no host"},
      {R"([{"host": "a"}, {"host": "A"}])", "error [1].host: \"A\" is listed already, as entry 0"},
      {R"([{"host": "a"}, {"host": " a "}])", "error [1].host: \"a\" is listed already, as entry 0"},
      {R"([{"host": "a", "address": "a b"}])", "error [0].address: \"a b\" is no host"},
      {R"([{"host": "a", "host_key": "ssh-ed25519 x"}])",
       "error [0].host_key: \"ssh-ed25519 x\" is no public host key"},
      {R"([{"host": "a", "host_key": ["x"]}])", "error [0].host_key[0]: \"x\" is no public host key"},
      {R"([{"host": "a", "was": "-o"}])", "error [0].was: \"-o\" is no host"},
      {R"([{"host": "a", "was": "a"}])", "error [0].was: is the host itself"},
      {R"([{"host": "a", "was": "B"}, {"host": "b"}])", "error [0].was: \"B\" is still listed"},
      {R"([{"host": "a", "was": "c"}, {"host": "b", "was": "c"}])",
       "error [1].was: \"c\" is named by entry 0 already"},
      {R"([{"host": "a", "position": 1.0}])", "error [0].position: must be a whole number, not 1.0"},
      {R"([{"host": "a", "memory": 512}])", "error [0].memory: must be text, not 512"},
      {R"([{"host": "a", "memory": "-1"}])", "error [0].memory: \"-1\" is negative"},
      {R"([{"host": "a", "cpu": "5 kb"}])", "error [0].cpu: \"5 kb\" is no amount"},
      {R"([{"host": "a", "labels": "x"}])", "error [0].labels: must be a list, not \"x\""},
      {R"([{"host": "a", "tags": {"x": 1}}])", "error [0].tags.x: must be text, not 1"},
      {R"([{"host": "a", "tags": {"X": "1", "x": "2"}}])",
       "warning [0].tags.x: differs from another tag only in case and is ignored"},
      {R"([{"host": "a", "ssh": {"port": 0}}])", "error [0].ssh.port: 0 is no port"},
      {R"([{"host": "a", "ssh": {"user": ""}}])", "error [0].ssh.user: \"\" is no `user`"},
      {R"([{"host": "a", "ssh": {"user": "a b"}}])", "error [0].ssh.user: \"a b\" is no `user`"},
      {R"([{"host": "a", "ssh": {"key": "../id"}}])", "error [0].ssh.key: \"../id\" is no `key`"},
      {R"([{"host": "a", "ssh": {"jump": "bastion"}}])", "error [0].ssh.jump: \"bastion\" is no `jump`"},
      {R"([{"host": "a", "ssh": {"use_sudo": "no"}}])",
       "error [0].ssh.use_sudo: must be true or false, not \"no\""},
      {R"([{"host": "a", "ssh": {"prot": 1}}])", "error [0].ssh.prot: is no known field"},
      {R"([{"host": "a", "lables": []}])", "warning [0].lables: is no known field and is ignored"},
  };
  for (const auto& [json, line] : kCases) EXPECT_EQ(parse(json).told, Lines{line}) << json;
}

}  // namespace
}  // namespace maand
