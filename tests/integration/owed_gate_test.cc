// A gate is passed or it holds the job, also when the daemon was killed before it and
// when the commit changed what is probed (R2.4), on real workers.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

using Events = std::vector<std::string>;

class OwedGate : public ::testing::Test {
 protected:
  void TearDown() override {
    world_.kill_daemon();
    std::ifstream in(world_.job_directory(0, "api") / "data" / "pid");
    pid_t pid = 0;
    if (in >> pid) kill(pid, SIGKILL);
  }

  // Version 1 listens on `port`. Later ones do not; their restart ends when `data/go` is there.
  GitChanges api(const std::string& version, int port) {
    const std::string host = world_.fleet().address(0);
    const std::string makefile =
        "start:\n\t@mkdir -p data; echo $@ >> data/events\n"
        "\t@setsid python3 -m http.server --bind " +
        host + " " + std::to_string(port) +
        " </dev/null >>data/log 2>&1 & echo $$! > data/pid\n"
        "restart:\n\t@echo $@ >> data/events; kill $$(cat data/pid); rm -f data/pid\n"
        "\t@while ! [ -e data/go ]; do sleep 0.1; done\n"
        "stop:\n\t@:\n";
    return BucketWorld::job("api", version,
                            R"("resources": {"ports": {"api_http": )" + std::to_string(port) +
                                R"(}}, "health_check": {"checks": [{"type": "tcp", "port": "api_http"}],)" +
                                R"( "wait": {"attempts": 5, "interval_seconds": 1}})",
                            {{"Makefile", makefile}});
  }
  void deploy(int port) {
    GitChanges changes = api("1.0.0", port);
    changes["workers.json"] = world_.workers_json(1);
    const std::string first = world_.commit(changes);
    world_.serve();
    EXPECT_NE(world_.wait_for_note(first, "applied").find("healthy"), std::string::npos);
  }

  BucketWorld world_{1};
};

TEST_F(OwedGate, ADaemonThatIsKilledDuringATargetLeavesItsGateToTheNextOne_R2_4) {
  deploy(18311);
  const std::string second = world_.commit(api("2.0.0", 18311));
  world_.maand({"reconcile"});
  ASSERT_TRUE(eventually([&] { return world_.events(0, "api").size() == 2; }));
  world_.kill_daemon();
  write_file(world_.job_directory(0, "api") / "data" / "go", "");
  world_.serve();
  const std::string note = world_.wait_for_note(second, "held");
  EXPECT_NE(note.find("GateFailed"), std::string::npos) << note;
  EXPECT_EQ(world_.events(0, "api"), (Events{"start", "restart"})) << "no target runs again for its gate";
}

TEST_F(OwedGate, AVersionThatMovesItsPortAndDoesNotListenThereIsHeld_R2_4) {
  deploy(18312);
  write_file(world_.job_directory(0, "api") / "data" / "go", "");
  const std::string second = world_.commit(api("2.0.0", 18313));
  world_.maand({"reconcile"});
  const std::string note = world_.wait_for_note(second, "held");
  EXPECT_NE(note.find("GateFailed"), std::string::npos) << note;
}

}  // namespace
}  // namespace maand::testing
