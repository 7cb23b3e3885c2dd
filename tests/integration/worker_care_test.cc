// `maand doctor`, `maand collect facts` and `maand gc` by the real binary on real sshd workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

GitChanges first(const BucketWorld& world, int workers) {
  GitChanges changes = BucketWorld::job("api", "1.0.0");
  changes["workers.json"] = world.workers_json(workers);
  return changes;
}

TEST(Doctor, TellsWhoIsWellAndWhoWouldFail) {
  BucketWorld world(3);
  world.commit(first(world, 3));
  const auto& fleet = world.fleet();
  const ProgramResult before = world.maand({"doctor"});
  EXPECT_EQ(before.status, 0) << before.out << before.err;
  EXPECT_THAT(before.out, HasSubstr(fleet.address(0) + "  well\n"));
  EXPECT_THAT(before.out, HasSubstr("login as root takes "));
  ASSERT_EQ(world.reconcile().status, 0);
  EXPECT_EQ(world.maand({"doctor"}).status, 0);

  world.fleet().kill(0);
  world.fleet().wipe(1);
  std::filesystem::create_directories(fleet.root(2) / "b2" / ".maand");
  write_file(fleet.root(2) / "b2" / ".maand" / "instance", "b2 x i\n", 0600);
  const ProgramResult after = world.maand({"doctor", "--json"});
  EXPECT_EQ(after.status, 1);
  EXPECT_THAT(after.out, HasSubstr("{\"worker\":\"" + fleet.address(0) + "\",\"would_fail\":true"));
  EXPECT_THAT(after.out, HasSubstr("{\"worker\":\"" + fleet.address(1) + "\",\"would_fail\":true"));
  EXPECT_THAT(after.out, HasSubstr("\"about\":\"marker\",\"text\":\"nothing of this bucket is there"));
  EXPECT_THAT(after.out, HasSubstr("{\"worker\":\"" + fleet.address(2) + "\",\"would_fail\":false"));
  EXPECT_THAT(after.out, HasSubstr("bucket b2 is at work here as well"));
  EXPECT_EQ(world.maand({"doctor", "--workers", fleet.address(2)}).status, 0);

  // A host key that nobody vouched for.
  write_file(world.bucket() / "secrets" / "known_hosts", "", 0600);
  const ProgramResult strangers = world.maand({"doctor", "-w", fleet.address(2)});
  EXPECT_EQ(strangers.status, 1);
  EXPECT_THAT(strangers.out, HasSubstr("failure  host key: "));
}

TEST(CollectFacts, AreShownAndWrittenIntoTheCheckoutInPlace) {
  BucketWorld world(2);
  const auto& fleet = world.fleet();
  world.commit(first(world, 2));
  const long megabytes = (sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024) + 1023) / 1024;
  const ProgramResult shown = world.maand({"collect", "facts", "--json"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("{\"worker\":\"" + fleet.address(0) +
                                   "\",\"memory_mb\":" + std::to_string(megabytes)));
  EXPECT_THAT(world.maand({"worker_facts"}).out, HasSubstr(fleet.address(1)));

  TempDirectory checkout("facts");
  const std::filesystem::path file = checkout.path() / "workspace" / "workers.json";
  std::filesystem::create_directories(file.parent_path());
  const std::string text = "[ {\"host\":\"" + fleet.address(0) + "\",  \"odd\": [1.50, {\"memory\": 1}]},\n" +
                           "  {\"host\":\"" + fleet.address(1) + "\", \"memory\": \"1 mb\"}\n]\n";
  write_file(file, text, 0640);
  const auto collect = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {MAAND_BINARY, "--bucket", world.bucket().string(),
                                     "collect",    "facts",    "--generate-workers"};
    argv.insert(argv.end(), more.begin(), more.end());
    return call_program({.argv = argv, .cwd = checkout.path()});
  };
  const std::string memory = "\"memory\": \"" + std::to_string(megabytes) + " mb\"";
  const ProgramResult one = collect({"-w", fleet.address(1)});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("wrote workspace/workers.json"));
  const std::string edited = read_file(file);
  const std::size_t cut = text.find("\"memory\": \"1 mb\"");
  EXPECT_EQ(edited.substr(0, cut), text.substr(0, cut)) << "the rest is as it was";
  EXPECT_THAT(edited.substr(cut), ::testing::StartsWith(memory + ", \"cpu\": \""));
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0640));
  EXPECT_THAT(collect({"-w", fleet.address(1)}).out, HasSubstr("says so already"));

  world.fleet().kill(0);
  const ProgramResult lost = collect({});
  EXPECT_EQ(lost.status, 1);
  EXPECT_THAT(lost.err, HasSubstr("so that workers.json stays as it is"));
  EXPECT_THAT(lost.err, HasSubstr(fleet.address(0) + ": was not reached"));
  EXPECT_EQ(read_file(file), edited);
}

TEST(Gc, TakesAwayWhatJobsThatLeftHaveKeptAndNothingElse) {
  BucketWorld world(2, {{"policy", "max_removals = \"100%\""}});
  GitChanges changes = first(world, 2);
  for (const auto& [path, content] : BucketWorld::job("web", "1.0.0")) changes[path] = content;
  world.commit(changes);
  ASSERT_EQ(world.reconcile().status, 0);
  world.commit({{"jobs/web/Makefile", std::nullopt}, {"jobs/web/manifest.json", std::nullopt}}, "web leaves");
  ASSERT_EQ(world.reconcile().status, 0);
  const auto kept = [&](int worker, const std::string& job) {
    return std::filesystem::exists(world.job_directory(worker, job) / "data" / "events");
  };
  ASSERT_TRUE(kept(0, "web") && kept(1, "web"));

  const ProgramResult young = world.maand({"gc", "--yes"});
  EXPECT_EQ(young.status, 0) << young.err;
  EXPECT_THAT(young.out, HasSubstr("it left less than 30 days ago"));
  EXPECT_TRUE(kept(0, "web"));
  const ProgramResult unasked = world.maand({"gc", "--retain-days", "0"});
  EXPECT_EQ(unasked.status, 2);
  EXPECT_THAT(unasked.err, HasSubstr("say --yes"));
  const ProgramResult look = world.maand({"gc", "--retain-days", "0", "--dry-run"});
  EXPECT_EQ(look.status, 0) << look.err;
  EXPECT_THAT(look.out, HasSubstr("web"));
  EXPECT_THAT(look.out, Not(HasSubstr("api")));
  EXPECT_TRUE(kept(0, "web") && kept(1, "web"));

  // Beside a daemon directories go, and what the daemon writes stays.
  world.serve();
  world.fleet().kill(1);
  const ProgramResult beside = world.maand({"gc", "--retain-days", "0", "--yes"});
  EXPECT_EQ(beside.status, 1);
  EXPECT_THAT(beside.err, HasSubstr(world.fleet().address(1) + ": was not reached"));
  EXPECT_THAT(beside.out, HasSubstr("a daemon has the bucket"));
  EXPECT_FALSE(std::filesystem::exists(world.job_directory(0, "web")));
  EXPECT_TRUE(kept(0, "api") && kept(1, "api"));
  const std::filesystem::path log =
      world.bucket() / "data" / "logs" / ("web@" + world.fleet().address(1) + ".log");
  EXPECT_TRUE(std::filesystem::exists(log)) << log;

  world.stop_daemon();
  world.fleet().restart(1);
  const ProgramResult all = world.maand({"gc", "--retain-days", "0", "--yes"});
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("Removed 1 directory on workers."));
  EXPECT_FALSE(std::filesystem::exists(world.job_directory(1, "web")));
  EXPECT_FALSE(std::filesystem::exists(log));
  EXPECT_TRUE(kept(0, "api") && kept(1, "api"));

  // It comes back as a job that was never there.
  world.commit(BucketWorld::job("web", "2.0.0"));
  ASSERT_EQ(world.reconcile().status, 0);
  EXPECT_EQ(world.events(0, "web"), std::vector<std::string>{"start 0.0.0 2.0.0 1 none"});
  EXPECT_THAT(world.maand({"gc", "--retain-days", "0", "--yes"}).out, Not(HasSubstr("goes")));
}

}  // namespace
}  // namespace maand::testing
