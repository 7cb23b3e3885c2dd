// Ports that change hands on real workers with real listeners: after a commit that
// swaps or hands over fixed ports every service answers on its new port (workspace.md,
// list of differences), and a number of the pool outlives a lost store (4.1).
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

// Listens on the address and port of its arguments and says its name to whoever connects.
constexpr const char* kServer = R"(import os, socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2])))
listener.listen(8)
while True:
    peer, _ = listener.accept()
    peer.sendall(sys.argv[3].encode())
    peer.close()
)";

// `start` does not look whether the listener came up: as many a Makefile does.
constexpr const char* kMakefile = R"(say = @mkdir -p data; echo "$@" >> data/events
end = @if [ -s data/pid ]; then kill $$(cat data/pid) 2>/dev/null; while kill -0 $$(cat data/pid) 2>/dev/null; do sleep 0.05; done; fi; rm -f data/pid
begin = @read host port name < address; setsid python3 server.py $$host $$port $$name </dev/null >>data/log 2>&1 & echo $$! > data/pid
.PHONY: start stop restart reload status
start:
	$(say)
	@if [ -s data/pid ] && kill -0 $$(cat data/pid) 2>/dev/null; then exit 0; fi; $(subst @,,$(begin))
stop:
	$(say)
	$(end)
restart reload:
	$(say)
	$(end)
	$(begin)
status:
	@true
)";

sockaddr_in at(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

class PortHandover : public ::testing::Test {
 protected:
  void TearDown() override {
    world_.kill_daemon();
    for (int worker = 0; worker < 2; ++worker) {
      for (const char* job : {"a", "b", "c"}) {
        std::ifstream in(world_.job_directory(worker, job) / "data" / "pid");
        pid_t pid = 0;
        if (in >> pid) kill(pid, SIGKILL);
      }
    }
  }

  std::string address(int worker) { return world_.fleet().address(static_cast<std::size_t>(worker)); }

  // Nobody has it on either worker.
  int free_port() {
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in any = at("0.0.0.0", 0);
    socklen_t size = sizeof any;
    EXPECT_EQ(bind(probe, reinterpret_cast<sockaddr*>(&any), size), 0);
    EXPECT_EQ(getsockname(probe, reinterpret_cast<sockaddr*>(&any), &size), 0);
    close(probe);
    return ntohs(any.sin_port);
  }

  static GitChanges service(const std::string& name, const std::string& port) {
    const std::string declared = name + "_port";
    GitChanges changes = BucketWorld::job(
        name, "1.0.0",
        R"("resources": {"ports": {")" + declared + R"(": )" + port +
            R"(}}, "health_check": {"checks": [{"type": "tcp", "port": ")" + declared +
            R"("}], "wait": {"attempts": 10, "interval_seconds": 1}})",
        {{"server.py", kServer},
         {"address.tpl", "{{.WorkerIP}} {{get \"maand/bucket\" \"" + declared + "\"}} " + name + "\n"}});
    changes["jobs/" + name + "/Makefile"] = kMakefile;
    return changes;
  }
  static GitChanges both(GitChanges one, const GitChanges& other) {
    one.insert(other.begin(), other.end());
    return one;
  }
  static GitChanges gone(const std::string& name) {
    GitChanges changes;
    for (const auto& [path, content] : service(name, "1")) changes[path] = std::nullopt;
    return changes;
  }

  std::string deploy(GitChanges changes) {
    changes["workers.json"] = world_.workers_json(2);
    const std::string commit = world_.commit(changes, "first");
    world_.serve();
    return world_.wait_for_note(commit, "applied");
  }
  std::string apply(const GitChanges& changes) {
    const std::string commit = world_.commit(changes);
    world_.reconcile();
    return world_.wait_for_note(commit, "applied");
  }

  // What answers on a port; empty: nothing does.
  std::string who(int worker, int port) {
    const int peer = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in there = at(address(worker), port);
    char text[64];
    ssize_t size = 0;
    if (connect(peer, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0)
      size = read(peer, text, sizeof text);
    close(peer);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "";
  }
  // On both workers, in the end.
  void expect_answers(int port, const std::string& name) {
    for (const int worker : {0, 1}) {
      EXPECT_TRUE(eventually([&] { return who(worker, port) == name; }, std::chrono::seconds(10)))
          << "on port " << port << " of worker " << worker << " answers `" << who(worker, port) << "`, not "
          << name;
    }
  }

  BucketWorld world_;
};

TEST_F(PortHandover, TwoJobsSwapTheirPortsInOneCommit) {
  const int one = free_port(), two = free_port();
  deploy(both(service("a", std::to_string(one)), service("b", std::to_string(two))));
  expect_answers(one, "a");
  expect_answers(two, "b");
  const std::string note = apply(both(service("a", std::to_string(two)), service("b", std::to_string(one))));
  expect_answers(one, "b");
  expect_answers(two, "a");
  for (const int worker : {0, 1}) {
    EXPECT_EQ(world_.events(worker, "a"), (std::vector<std::string>{"start", "stop", "start"})) << note;
    EXPECT_EQ(world_.events(worker, "b"), (std::vector<std::string>{"start", "restart"})) << note;
  }
}

TEST_F(PortHandover, AJobTakesThePortOfOneThatMovesToAnother) {
  const int one = free_port(), two = free_port(), three = free_port();
  // The taker comes first by name.
  deploy(both(service("a", std::to_string(two)), service("b", std::to_string(one))));
  apply(both(service("a", std::to_string(one)), service("b", std::to_string(three))));
  expect_answers(one, "a");
  expect_answers(three, "b");
  EXPECT_EQ(world_.events(0, "b"), (std::vector<std::string>{"start", "restart"}));
}

TEST_F(PortHandover, AJobTakesThePortOfOneThatIsRemoved) {
  const int one = free_port(), two = free_port();
  deploy(both(both(service("a", std::to_string(two)), service("b", std::to_string(one))),
              service("c", std::to_string(free_port()))));
  apply(both(service("a", std::to_string(one)), gone("b")));
  expect_answers(one, "a");
}

TEST_F(PortHandover, ANumberOfThePoolOutlivesALostStore) {
  deploy(service("b", "{}"));
  apply(service("a", "{}"));
  const auto number_in_use = [this](const std::string& job) {
    std::istringstream in(read_file(world_.job_directory(0, job) / "address"));
    std::string host;
    int port = 0;
    in >> host >> port;
    return port;
  };
  const int a = number_in_use("a"), b = number_in_use("b");
  EXPECT_LT(b, a) << "b was there first; without its record it would have to give way to a";
  EXPECT_EQ(world_.stop_daemon(), 0);
  for (const char* file : {"state.db", "state.db-wal", "state.db-shm"})
    std::filesystem::remove(world_.bucket() / "data" / file);
  world_.serve();
  ASSERT_EQ(world_.maand({"takeover", "--reason", "the store is lost"}).status, 0);
  const std::string commit = world_.commit({{"../README.md", "words\n"}});
  world_.reconcile();
  world_.wait_for_note(commit, "applied");
  EXPECT_EQ(number_in_use("a"), a);
  EXPECT_EQ(number_in_use("b"), b);
  expect_answers(b, "b");
}

}  // namespace
}  // namespace maand::testing
