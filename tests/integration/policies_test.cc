// Policies against the real binary, a real git remote and real sshd workers: signatures by real keys
// (R1.5), rewritten history (R1.4), the removal budget (R5.1) and windows (R5.6).
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bucket_world.h"
#include "tests/support/signing_keys.h"

namespace maand::testing {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

Settings fast(Settings more) {
  more.emplace_back("git", "poll_interval = \"1s\"");
  return more;
}

GitChanges first_jobs(const BucketWorld& world, int workers) {
  GitChanges changes = BucketWorld::job("api", "1.0.0");
  changes["workers.json"] = world.workers_json(workers);
  return changes;
}

bool has_run(const BucketWorld& world, const std::string& target, const std::string& job = "api") {
  for (const std::string& event : world.events(0, job)) {
    if (event.starts_with(target + " ")) return true;
  }
  return false;
}

TEST(PoliciesIntegration, OnlyCommitsSignedByATrustedSshKeyAreApplied_R1_5) {
  BucketWorld world(1, fast({{"policy", "verify = \"head\""}, {"policy", "allowed_signers = \"signers\""}}));
  SigningKeys keys;
  keys.ssh_key("ann");
  keys.ssh_key("eve");
  write_file(world.bucket() / "secrets" / "signers", "ann@example.org " + keys.ssh_public("ann") + "\n",
             0600);
  const std::string plain = world.commit(first_jobs(world, 1), "first");
  world.serve();
  const std::string note = world.wait_for_note(plain, "held");
  EXPECT_NE(note.find("commit " + plain.substr(0, 12) + " is not signed"), std::string::npos) << note;
  EXPECT_FALSE(has_run(world, "start"));

  keys.use_ssh(world.git(), "eve");
  const std::string stranger = world.commit(BucketWorld::job("api", "1.0.1"));
  const std::string why = world.wait_for_note(stranger, "held");
  EXPECT_NE(why.find("whom nobody said to trust"), std::string::npos) << why;
  EXPECT_EQ(world.maand({"plan"}).status, 4);
  EXPECT_FALSE(has_run(world, "start"));

  keys.use_ssh(world.git(), "ann");
  const std::string trusted = world.commit(BucketWorld::job("api", "1.0.2"));
  world.wait_for_note(trusted, "applied");
  EXPECT_EQ(world.events(0, "api"), std::vector<std::string>{"start 0.0.0 1.0.2 1 none"});

  // What was pushed before is not applied by way of a rollback either.
  SigningKeys::use_nothing(world.git());
  const std::string later = world.commit(BucketWorld::job("api", "1.0.3"));
  world.wait_for_note(later, "held");
  const ProgramResult pinned = world.maand({"rollback", "api", "--to", later, "--reason", "try"});
  EXPECT_NE(pinned.status, 0);
  EXPECT_NE(pinned.err.find("is not signed"), std::string::npos) << pinned.err;
}

TEST(PoliciesIntegration, AnUnsignedRangeIsReleasedWithAReason_R1_5) {
  BucketWorld world(1, fast({{"policy", "verify = \"strict\""}, {"policy", "keyring = \"keys.asc\""}}));
  SigningKeys keys;
  const std::string ann = keys.gpg_key("ann");
  write_file(world.bucket() / "secrets" / "keys.asc", keys.exported({ann}, true), 0600);
  keys.use_gpg(world.git(), ann);
  const std::string first = world.commit(first_jobs(world, 1), "first");
  world.serve();
  world.wait_for_note(first, "applied");
  SigningKeys::use_nothing(world.git());
  const std::string middle = world.commit(BucketWorld::job("api", "1.1.0"));
  world.wait_for_note(middle, "held");
  keys.use_gpg(world.git(), ann);
  const std::string head = world.commit(BucketWorld::job("api", "1.2.0"));
  const std::string note = world.wait_for_note(head, "held");
  EXPECT_NE(note.find("commit " + middle.substr(0, 12) + " is not signed"), std::string::npos) << note;
  EXPECT_FALSE(has_run(world, "restart"));
  EXPECT_EQ(world.maand({"release", head}).status, 4) << "not without saying so";
  EXPECT_EQ(world.maand({"release", head, "--unsigned"}).status, 2) << "nor without a reason";
  const ProgramResult released = world.maand({"release", head, "--unsigned", "--reason", "imported"});
  EXPECT_EQ(released.status, 0) << released.err;
  const std::string applied = world.wait_for_note(head, "applied");
  EXPECT_NE(applied.find(": imported"), std::string::npos) << applied;
  EXPECT_TRUE(has_run(world, "restart"));
}

TEST(PoliciesIntegration, RewrittenHistoryIsHeldWhereSignaturesAreRequired_R1_4) {
  BucketWorld world(1, fast({{"policy", "verify = \"head\""}, {"policy", "allowed_signers = \"signers\""}}));
  SigningKeys keys;
  keys.ssh_key("ann");
  write_file(world.bucket() / "secrets" / "signers", "ann@example.org " + keys.ssh_public("ann") + "\n",
             0600);
  keys.use_ssh(world.git(), "ann");
  const std::string first = world.commit(first_jobs(world, 1), "first");
  world.serve();
  world.wait_for_note(first, "applied");
  world.wait_for_note(world.commit(BucketWorld::job("api", "1.1.0")), "applied");
  world.git().git({"push", "-q", "--force", "origin", first + ":refs/heads/main"});
  const std::string note = world.wait_for_note(first, "held");
  EXPECT_NE(note.find("it does not descend from the last applied commit"), std::string::npos) << note;
  EXPECT_EQ(world.maand({"release", first.substr(0, 12)}).status, 0);
  EXPECT_TRUE(eventually([&] { return world.events(0, "api").back() == "restart 1.1.0 1.0.0 1 none"; }));
}

TEST(PoliciesIntegration, AConfigurationThatTrustsNobodyIsRefused_R1_5) {
  BucketWorld world(1, {{"policy", "verify = \"head\""}});
  const ProgramResult result = world.maand({"reconcile"});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("policy.verify"), std::string::npos) << result.err;
}

TEST(PoliciesIntegration, AClearOutIsHeldUntilItsSetIsReleased_R5_1) {
  BucketWorld world(1, fast({{"policy", "max_removals = 2"}}));
  GitChanges changes = first_jobs(world, 1);
  for (const char* name : {"b", "c", "d", "e"}) changes.merge(BucketWorld::job(name, "1.0.0"));
  const std::string first = world.commit(changes, "first");
  world.serve();
  world.wait_for_note(first, "applied");
  GitChanges removed;
  for (const char* name : {"c", "d", "e"}) removed["jobs/" + std::string(name)] = std::nullopt;
  const std::string commit = world.commit(removed, "clear out");
  const std::string note = world.wait_for_note(commit, "held");
  EXPECT_NE(note.find("Maand-Allow-Removals: c, d, e"), std::string::npos) << note;
  EXPECT_FALSE(has_run(world, "stop", "c"));
  const ProgramResult why = world.maand({"why", "c"});
  EXPECT_NE((why.out + why.err).find("RemovalBudget"), std::string::npos) << first << " " << commit << "\n"
                                                                          << why.out << why.err;
  EXPECT_EQ(world.maand({"release", commit}).status, 0);
  world.wait_for_note(commit, "applied");
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(world.job_directory(0, "c") / "Makefile"); }));
}

// A window of UTC around now, or one that is over.
std::string policy(const std::string& kind, std::chrono::minutes from, const std::string& duration) {
  const auto start = std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now()) + from;
  const auto day = std::chrono::floor<std::chrono::days>(start);
  const std::chrono::hh_mm_ss clock(start - day);
  const std::chrono::year_month_day date(day);
  char schedule[40];
  std::snprintf(schedule, sizeof schedule, "%d %d %u %u *", static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.hours().count()), static_cast<unsigned>(date.day()),
                static_cast<unsigned>(date.month()));
  return "[[window]]\nname = \"freeze\"\nkind = \"" + kind + "\"\nschedule = \"" + schedule +
         "\"\nduration = \"" + duration + "\"\n";
}

TEST(PoliciesIntegration, AClosedWindowWaitsAndARestartedDaemonKnowsItAndAReleaseOpensIt_R5_6) {
  BucketWorld world(1, fast({}));
  GitChanges changes = first_jobs(world, 1);
  world.serve();
  world.wait_for_note(world.commit(changes, "first"), "applied");
  GitChanges frozen = BucketWorld::job("api", "1.1.0");
  frozen["policy.toml"] = policy("deny", std::chrono::minutes(-60), "3h");
  const std::string commit = world.commit(frozen, "frozen");
  const std::string note = world.wait_for_note(commit, "held");
  EXPECT_NE(note.find("WindowClosed"), std::string::npos) << note;
  EXPECT_NE(note.find("`freeze` denies it until "), std::string::npos) << note;
  world.kill_daemon();
  world.serve();
  EXPECT_TRUE(eventually([&] {
    const std::string status = world.maand({"status"}).out;
    return status.find("api waits") != std::string::npos && status.find("freeze") != std::string::npos;
  })) << world.maand({"status"}).out;
  EXPECT_EQ(world.maand({"plan"}).status, 4);
  const ProgramResult why = world.maand({"why", "api"});
  EXPECT_NE((why.out + why.err).find("freeze"), std::string::npos) << why.out << why.err;
  EXPECT_FALSE(has_run(world, "restart"));
  EXPECT_EQ(world.maand({"release", "api"}).status, 0);
  world.wait_for_note(commit, "applied");
  EXPECT_TRUE(has_run(world, "restart"));
}

}  // namespace
}  // namespace maand::testing
