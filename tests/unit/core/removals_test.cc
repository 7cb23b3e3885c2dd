// R5.1: which commits may stop much, and who says so.
#include <gtest/gtest.h>

#include "reconciler/core/commit_trailers.h"
#include "reconciler/core/removal_trailer.h"
#include "tests/unit/core/plan_world.h"

namespace maand {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string trailers_of(const std::string& message) {
  std::string out;
  for (const auto& [key, value] : commit_trailers(message)) out += key + "=" + value + ";";
  return out;
}

// Each line was held against `git interpret-trailers --parse` of git 2.39, which differs only for a message
// that begins with an empty line, as no commit does.
TEST(CommitTrailers, AreThoseOfTheLastParagraph) {
  const struct {
    const char* message;
    const char* trailers;
  } kCases[] = {
      {"subject\n\nbody\n\nKey: value\n", "Key=value;"},
      {"subject\n\nKey: value", "Key=value;"},
      {"subject\r\n\r\nKey: value\r\n", "Key=value;"},
      {"subject\n\nKey: value\n\nmore text\n", ""},
      {"Key: value\n", ""},
      {"\n\nKey: value\n", ""},
      {"subject\nKey: value\n", ""},
      {"subject\n\nKey: one\n two\n\tthree\nOther:\n", "Key=one two three;Other=;"},
      {"subject\n\nsome text\nKey: value\n", ""},
      {"subject\n\nsome text\nSigned-off-by: A <a@b>\nKey: value\n", "Signed-off-by=A <a@b>;Key=value;"},
      {"subject\n\na\nb\nc\nd\nSigned-off-by: A <a@b>\n", ""},
      {"subject\n\nKey: value\n(cherry picked from commit 0123)\n", "Key=value;"},
      {"subject\n\nKey : value\n", "Key=value;"},
      {"subject\n\nKey word: value\n", ""},
      {"subject\n\n> Key: value\n", ""},
      {"subject\n\nKey: value\n \n\n", "Key=value;"},
      {"", ""},
      {"\n \n", ""},
  };
  for (const auto& [message, trailers] : kCases) EXPECT_EQ(trailers_of(message), trailers) << message;
}

TEST(RemovalTrailer, SaysYesOrNamesJobs_R5_1) {
  const struct {
    std::vector<std::string> messages;
    bool all;
    std::string jobs;
    std::size_t wrong;
  } kCases[] = {
      {{"s\n\nMaand-Allow-Removals: yes\n"}, true, "", 0},
      {{"s\n\nmaand-allow-removals: YES\n"}, true, "", 0},
      {{"s\n\nMaand-Allow-Removals: api, web\n"}, false, "api web ", 0},
      {{"newest", "s\n\nMaand-Allow-Removals: api\n", "s\n\nMaand-Allow-Removals: web\n"},
       false,
       "api web ",
       0},
      {{"s\n\nMaand-Allow-Removals:\n"}, false, "", 1},
      {{"s\n\nMaand-Allow-Removals: a b\n"}, false, "", 1},
      {{"s\n\nMaand-Allow-Removals: yes\n\nbut that was a quotation\n"}, false, "", 0},
      {{"Maand-Allow-Removals: yes\n"}, false, "", 0},
  };
  for (const auto& [messages, all, jobs, wrong] : kCases) {
    const AllowedRemovals allowed = allowed_removals(messages);
    EXPECT_EQ(allowed.all, all) << messages.back();
    std::string names;
    for (const JobName& job : allowed.jobs) names += job.str() + " ";
    EXPECT_EQ(names, jobs) << messages.back();
    EXPECT_EQ(allowed.wrong.size(), wrong) << messages.back();
  }
}

// `keep` runs on w1 to w4; `a` runs on the first `a`, `b` on the first `b` of them and both have left.
PlanWorld clear_out(int a, int b) {
  PlanWorld world;
  world.job("keep");
  for (int i = 1; i <= 4; ++i) {
    const std::string host = "w" + std::to_string(i);
    world.worker(host).running("keep", host);
    if (i <= a) world.running("a", host);
    if (i <= b) world.running("b", host);
  }
  return world;
}

std::string held_by(const PlanWorld& world) {
  std::string out;
  for (const auto& [name, job] : world.plan().jobs) {
    if (job.held) out += name.str() + " ";
  }
  return out;
}

TEST(RemovalBudget, IsAShareOrANumber_R5_1) {
  PlanWorld world = clear_out(3, 2);  // 5 of 9
  EXPECT_EQ(held_by(world), "a b ");
  world.settings.max_removals = 0.6;
  EXPECT_EQ(held_by(world), "");
  world.settings.max_removals_count = 4;
  EXPECT_EQ(held_by(world), "a b ");
  world.settings.max_removals_count = 5;
  EXPECT_EQ(held_by(world), "") << "a number counts instead of the share";
  world.settings.max_removals_count = 0;
  EXPECT_EQ(held_by(clear_out(0, 0)), "");
  EXPECT_EQ(held_by(world), "a b ");
}

TEST(RemovalBudget, SaysHowMuchAndWhatToWrite_R5_1) {
  PlanWorld world = clear_out(3, 2);
  const JobPlan held = world.plan().jobs.at(JobName("a"));
  EXPECT_EQ(held.held_reason, Reason::kRemovalBudget);
  EXPECT_EQ(
      held.held_detail,
      "this commit would stop 5 of 9 running allocations, and policy.max_removals is 50%; a commit with "
      "the trailer `Maand-Allow-Removals: a, b` lets it, or `maand release head`");
}

TEST(RemovalBudget, JobsThatATrailerNamesDoNotCount_R5_1) {
  PlanWorld world = clear_out(3, 2);
  world.settings.allowed_removals.jobs = {JobName("a")};
  EXPECT_EQ(held_by(world), "") << "2 of 9 are left";
  world.settings.max_removals = 0.1;
  EXPECT_EQ(held_by(world), "b ");
  world.settings.allowed_removals = {.all = true};
  EXPECT_EQ(held_by(world), "");
  PlanWorld nothing;
  nothing.worker("w1").running("a", "w1");
  EXPECT_EQ(held_by(nothing), "a ");
  nothing.settings.allowed_removals = {.all = true};
  EXPECT_EQ(held_by(nothing), "") << "R1.3: no job at all is held like a removal, and released like one";
}

TEST(RemovalBudget, AReleaseIsOfThatSetAndOfEverySmallerOne_R5_1) {
  PlanWorld world = clear_out(3, 2);
  const Plan plan = world.plan();
  EXPECT_EQ(plan.stops_over_budget.size(), 5u);
  world.settings.released_removals = {plan.stops_over_budget.begin(), plan.stops_over_budget.end()};
  EXPECT_EQ(held_by(world), "");
  world.running("b", "w3");
  EXPECT_EQ(held_by(world), "b ") << "one more stop is another set: b was released for w1 and w2 only";
  world.applied.allocations.erase({JobName("b"), WorkerHost("w3")});
  world.applied.allocations.erase({JobName("a"), WorkerHost("w1")});
  EXPECT_EQ(held_by(world), "");
}

TEST(RemovalBudget, DisablesAndMovesCountAsWell_R5_1) {
  PlanWorld world = clear_out(0, 0);
  for (const char* host : {"w1", "w2", "w3"}) world.running("off", host);
  world.job("off");
  for (const char* host : {"w1", "w2", "w3"}) world.workspace.disabled.workers.push_back(WorkerHost(host));
  EXPECT_EQ(held_by(world), "keep off ") << "6 of 7 running";
}

TEST(RemovalBudget, WhoTakesThePortOfAHeldStopIsHeldToo_R5_1) {
  PlanWorld world = clear_out(3, 2);
  world.job("next");
  world.job_of("next").resources.ports = {{.name = "next_port", .fixed = 8080}};
  world.applied.allocations.at({JobName("a"), WorkerHost("w1")}).holds = {8080};
  EXPECT_EQ(held_by(world), "a b next ");
  const std::string why = world.plan().jobs.at(JobName("next")).held_detail;
  EXPECT_EQ(why, "it takes the place of a@w1, which policy.max_removals keeps from being stopped");
}

TEST(RemovalBudget, WhoReservesWhereAHeldStopStaysIsHeldToo_R5_1) {
  PlanWorld world = clear_out(3, 2);
  world.job("next");
  EXPECT_EQ(held_by(world), "a b ") << "it reserves nothing";
  world.job_of("next").reservation.memory_mb = 100;
  EXPECT_EQ(held_by(world), "a b ") << "no worker says what it has";
  world.workspace.workers[0].memory_mb = 1000;
  EXPECT_EQ(held_by(world), "a b next ");
}

}  // namespace
}  // namespace maand
