// `maand job start|stop|restart` over the whole loop: between passes, in the middle of one, cut
// short, refused; and what is on record at each moment (R5.7, R7.1).
#include <gtest/gtest.h>

#include "reconciler/core/status.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using Runs = std::vector<std::string>;
using Kind = ControlReply::Kind;

const AllocationKey kOn1{JobName("api"), WorkerHost("w1")};
const AllocationKey kOn2{JobName("api"), WorkerHost("w2")};
const AllocationKey kOn3{JobName("api"), WorkerHost("w3")};

// api and web at version 1 on three workers, applied.
class OrdersWorld : public LoopWorld {
 public:
  OrdersWorld() {
    commit("1");
    pass();
    runner.runs.clear();
  }
  CommitId commit(const std::string& version) {
    return source.commit(workspace(3, {{"api", version}, {"web", version}}));
  }
  std::string give(const std::string& verb, const std::string& workers = "", const std::string& job = "api") {
    const ControlReply reply = desk.job_order_here({verb, job, workers, false, "", ""}, "ann");
    EXPECT_EQ(reply.kind, Kind::kDone) << reply.text;
    return reply.text;
  }
  // Its document, once it is over.
  std::string run(const std::string& verb, const std::string& workers = "") {
    const std::string id = give(verb, workers);
    reconciler.run_orders();
    return desk.job_order_json(id).value_or("");
  }
  const AppliedAllocation& on(const AllocationKey& key) { return *journal.state().find(key); }
};

bool says(const std::string& document, const std::string& text) {
  return document.find(text) != std::string::npos;
}

TEST(JobOrders, AStopStaysWhateverIsCommittedUntilAStart_R5_7) {
  OrdersWorld world;
  const std::string stopped = world.run("stop");
  EXPECT_EQ(world.runner.runs, (Runs{"stop api@w1 1→1", "stop api@w2 1→1", "stop api@w3 1→1"}));
  EXPECT_TRUE(says(stopped, R"("message":"api: 3 stopped","exit":0)")) << stopped;
  ASSERT_TRUE(world.on(kOn1).stopped_by);
  EXPECT_EQ(world.on(kOn1).stopped_by->actor, "ann");
  EXPECT_TRUE(world.store.load().find(kOn3)->stopped_by) << "it outlives the daemon";

  world.runner.runs.clear();
  world.commit("2");
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 3u) << "web alone";
  EXPECT_FALSE(world.on(kOn1).running);

  world.runner.runs.clear();
  const std::string started = world.run("start");
  EXPECT_EQ(world.runner.runs, (Runs{"start api@w1 1→2", "start api@w2 1→2", "start api@w3 1→2"}))
      << "with what the workspace wants by now";
  EXPECT_TRUE(says(started, R"("exit":0)")) << started;
  EXPECT_FALSE(world.on(kOn1).stopped_by);

  world.runner.runs.clear();
  world.pass();
  EXPECT_TRUE(world.runner.runs.empty()) << "and nothing is left to do";
  const auto audits = world.store.audits(10);
  ASSERT_EQ(audits.size(), 2u);
  EXPECT_EQ(audits[1].action + " " + audits[1].subject + " by " + audits[1].actor, "job stop api by ann");
}

TEST(JobOrders, ARestartActsOnThoseThatWereNamedAndLooksAtNoCommit) {
  OrdersWorld world;
  world.commit("2");
  const std::string document = world.run("restart", "w1, w3");
  EXPECT_EQ(world.runner.runs, (Runs{"restart api@w1 1→1", "restart api@w3 1→1"}));
  EXPECT_TRUE(says(document, R"("message":"api: 2 restarted")")) << document;
  world.runner.runs.clear();
  world.pass();
  EXPECT_EQ(world.runner.runs.size(), 6u) << "the commit still comes to all";
}

TEST(JobOrders, WhatFailsStopsTheBatchesAfterItAndIsNamed) {
  OrdersWorld world;
  world.runner.on_run = [](const Operation& operation) {
    const bool fails = operation.allocation == kOn2;
    return Outcome{.kind = fails ? OutcomeKind::kFailed : OutcomeKind::kSucceeded,
                   .exit_status = fails ? 2 : 0,
                   .detail = fails ? "exit status 2" : ""};
  };
  const std::string restarted = world.run("restart");
  EXPECT_EQ(world.runner.runs.size(), 2u);
  EXPECT_TRUE(says(restarted, "failed on w2 (")) << restarted;
  EXPECT_TRUE(says(restarted, "nothing was begun on w3")) << restarted;
  EXPECT_TRUE(says(restarted, R"("exit":1)")) << restarted;

  OrdersWorld another;
  another.runner.on_run = world.runner.on_run;
  another.run("stop");
  EXPECT_EQ(another.runner.runs.size(), 3u) << "a stop goes on: each of them is meant to be down";
  EXPECT_TRUE(another.on(kOn2).stopped_by) << "nothing may bring up what is half down";
  another.runner.runs.clear();
  another.pass();
  EXPECT_TRUE(another.runner.runs.empty());
}

TEST(JobOrders, AWorkerThatIsOutOfReachIsNamedAndKeepsNobodyElse_R2_7) {
  OrdersWorld world;
  world.runner.dead = {WorkerHost("w2")};
  const std::string stopped = world.run("stop");
  EXPECT_EQ(world.runner.runs, (Runs{"stop api@w1 1→1", "stop api@w3 1→1"}));
  EXPECT_TRUE(says(stopped, "out of reach: w2")) << stopped;
  EXPECT_TRUE(world.on(kOn1).stopped_by);
  EXPECT_FALSE(world.on(kOn2).stopped_by) << "it runs, and nobody may think it does not";
  EXPECT_TRUE(world.on(kOn2).running);

  OrdersWorld another;
  another.runner.dead = {WorkerHost("w2")};
  EXPECT_TRUE(says(another.run("restart"), R"("exit":)"));
  EXPECT_TRUE(another.runner.runs.empty()) << "with one of three out, R2.5 takes no other one out";
}

TEST(JobOrders, CutShortNoFurtherBatchBegins) {
  OrdersWorld world;
  const std::string id = world.give("stop");
  world.runner.on_run = [&](const Operation&) {
    world.desk.cut_job_order_here(id, "bob");
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.reconciler.run_orders();
  EXPECT_EQ(world.runner.runs, Runs{"stop api@w1 1→1"});
  const std::string document = *world.desk.job_order_json(id);
  EXPECT_TRUE(says(document, "nothing was begun on w2, w3: cut short by bob")) << document;
  EXPECT_TRUE(says(document, R"("exit":1)")) << document;
  EXPECT_TRUE(world.on(kOn1).stopped_by);
  EXPECT_FALSE(world.on(kOn2).stopped_by);
  EXPECT_EQ(world.desk.cut_job_order_here(id, "bob").kind, Kind::kUnknownSubject) << "it is over";
}

TEST(JobOrders, OneThatIsGivenInThePassComesAtTheNextBoundaryAndThePassGoesOn) {
  OrdersWorld world;
  const CommitId second = world.commit("2");
  std::string id;
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.allocation == kOn1 && id.empty()) id = world.give("stop");
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  ASSERT_FALSE(id.empty());
  const std::string document = *world.desk.job_order_json(id);
  EXPECT_TRUE(says(document, R"("state":"over","message":"api: 3 stopped","exit":0)")) << document;
  std::size_t restarts = 0, stops = 0, others = 0;
  for (const std::string& run : world.runner.runs) {
    restarts += run.rfind("restart api", 0) == 0 ? 1 : 0;
    stops += run.rfind("stop api", 0) == 0 ? 1 : 0;
    others += run.find(" web@") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(restarts, 1u) << "what was in flight ended";
  EXPECT_EQ(stops, 3u);
  EXPECT_EQ(others, 3u) << "the other job came to the commit";
  EXPECT_FALSE(world.on(kOn1).running);
  EXPECT_EQ(world.journal.state().head, second);
  world.runner.runs.clear();
  world.pass();
  EXPECT_TRUE(world.runner.runs.empty()) << "nothing starts what was stopped";
}

TEST(JobOrders, ARestartInThePassIsFollowedByTheRestOfTheRollout) {
  OrdersWorld world;
  world.commit("2");
  std::string id;
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.allocation == kOn1 && id.empty()) id = world.give("restart", "w3");
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  EXPECT_TRUE(says(*world.desk.job_order_json(id), R"("message":"api: 1 restarted")"));
  Runs api;
  for (const std::string& run : world.runner.runs) {
    if (run.find(" api@") != std::string::npos) api.push_back(run);
  }
  EXPECT_EQ(api,
            (Runs{"restart api@w1 1→2", "restart api@w3 1→1", "restart api@w2 1→2", "restart api@w3 1→2"}))
      << "with what lay there; what is newer comes with the rollout";
  EXPECT_EQ(world.state(), "applied");
}

// What a rollout had done of a job is told with its commit, whatever an order made of the job afterwards.
TEST(JobOrders, TheNoteKeepsWhatTheRolloutHadDoneBeforeTheOrder_R4_3) {
  struct Row {
    const char* name;
    const char* after;  // the order comes while this runs
    const char *verb, *workers;
    const char* counts;  // of the note
    std::vector<const char*> lines;
  };
  const std::vector<Row> rows = {
      {"a stop in the middle", "w1", "stop", "", R"("counts":{"restarted":4,"unchanged":0})", {"api@w1"}},
      {"a stop of the rest", "w1", "stop", "w2,w3", R"("counts":{"restarted":4,"unchanged":0})", {"api@w1"}},
      {"a restart in the middle",
       "w1",
       "restart",
       "w1",
       R"("counts":{"restarted":6,"unchanged":0})",
       {"api@w1", "api@w2", "api@w3"}},
      {"a restart when it was over",
       "w3",
       "restart",
       "w1",
       R"("counts":{"restarted":6,"unchanged":0})",
       {"api@w1", "api@w2", "api@w3"}},
  };
  for (const Row& row : rows) {
    OrdersWorld world;
    const CommitId second = world.commit("2");
    std::string id;
    world.runner.on_run = [&](const Operation& operation) {
      if (operation.allocation == AllocationKey{JobName("api"), WorkerHost(row.after)} && id.empty())
        id = world.give(row.verb, row.workers);
      return Outcome{.kind = OutcomeKind::kSucceeded};
    };
    world.pass();
    ASSERT_FALSE(id.empty()) << row.name;
    const std::string note = world.note(second);
    EXPECT_EQ(world.state(), "applied") << row.name;
    EXPECT_TRUE(says(note_json(*world.reconciler.memory().status), row.counts))
        << row.name << "\n"
        << note_json(*world.reconciler.memory().status);
    for (const char* line : row.lines) EXPECT_TRUE(says(note, line)) << row.name << "\n" << note;
    EXPECT_FALSE(says(note, "Ordered")) << row.name << ": the order is no result of the commit\n" << note;
  }
}

// R2.6: an order is no way to try again what failed.
TEST(JobOrders, ARolloutThatFailsWhileAnOrderWaitsIsHeldAndTheOrderComesAfterIt) {
  OrdersWorld world;
  const CommitId second = world.commit("2");
  std::string id;
  world.runner.on_run = [&](const Operation& operation) {
    if (operation.allocation.job != JobName("api")) return Outcome{.kind = OutcomeKind::kSucceeded};
    if (id.empty()) {
      id = world.give("restart", "w3");
      return Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2};
    }
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world.pass();
  Runs api;
  for (const std::string& run : world.runner.runs) {
    if (run.find(" api@") != std::string::npos) api.push_back(run);
  }
  EXPECT_EQ(api, Runs{"restart api@w1 1→2"});
  EXPECT_EQ(world.state(), "held");
  const std::string note = world.note(second);
  EXPECT_TRUE(says(note, "api@w1")) << note;
  EXPECT_TRUE(says(note, "TargetFailed")) << note;
  EXPECT_EQ(world.journal.state().jobs.at(JobName("api")).held_reason, "TargetFailed");
  world.runner.runs.clear();
  world.reconciler.run_orders();
  const std::string document = world.desk.job_order_json(id).value_or("");
  EXPECT_EQ(world.runner.runs, Runs{}) << "after the pass, and w1 is out: " << document;
  EXPECT_TRUE(says(document, R"("exit":4)")) << document;
  EXPECT_TRUE(says(document, "api@w1 (its last target failed); 1 of 3 are unavailable")) << document;
}

TEST(JobOrders, TwoAtOnceTheSecondIsToldWhoIsAtIt) {
  OrdersWorld world;
  world.give("stop");
  const ControlReply second = world.desk.job_order_here({"restart", "api", "", false, "", ""}, "bob");
  EXPECT_EQ(second.kind, Kind::kBusy);
  EXPECT_NE(second.text.find("`maand job stop` by ann is not over"), std::string::npos) << second.text;
  const std::string web = world.give("restart", "", "web");
  world.reconciler.run_orders();
  EXPECT_TRUE(says(*world.desk.job_order_json(web), R"("exit":0)")) << "another job waits for its turn";
  EXPECT_EQ(world.runner.runs.size(), 6u);
}

TEST(JobOrders, WhoKnowsNothingOrSaysTooMuchIsRefused) {
  OrdersWorld world;
  const auto kind = [&](const JobOrderRequest& request) {
    return world.desk.job_order_here(request, "ann").kind;
  };
  EXPECT_EQ(kind({"stop", "apu", "", false, "", ""}), Kind::kUnknownSubject);
  EXPECT_EQ(kind({"reload", "api", "", false, "", ""}), Kind::kUnknownSubject);
  EXPECT_EQ(kind({"stop", "api", "", false, "a\nb", ""}), Kind::kMalformed);
  EXPECT_EQ(kind({"stop", "api", "", false, "", "soon"}), Kind::kMalformed);
  EXPECT_EQ(kind({"restart", "api", "", false, "", "2h"}), Kind::kMalformed);
  EXPECT_FALSE(world.reconciler.orders().first()) << "none of them waits";
}

TEST(JobOrders, WithoutAStoreNoWorkerIsTouched_R7_4) {
  OrdersWorld world;
  const std::string id = world.give("restart");
  world.store.fail_all(FakeStore::Fail::kBeforeWrite);
  world.reconciler.run_orders();
  EXPECT_TRUE(world.runner.runs.empty());
  EXPECT_TRUE(says(*world.desk.job_order_json(id), R"("exit":1)"));
}

TEST(JobOrders, AnAnswerThatIsLostLeavesItOnRecordAndRunsNothingTwice_R3_4) {
  OrdersWorld world;
  world.runner.lose_answer = {kOn2};
  const std::string stopped = world.run("stop", "w2");
  EXPECT_TRUE(says(stopped, "it is not known how it ended on w2")) << stopped;
  EXPECT_TRUE(world.on(kOn2).open);
  world.pass();
  EXPECT_FALSE(world.on(kOn2).open);
  EXPECT_FALSE(world.on(kOn2).running);
  EXPECT_EQ(world.runner.runs, Runs{"stop api@w2 1→1"});
}

// STEP 0 of the loop: a command that holds the bucket judged nothing itself.
TEST(JobOrders, ContentIsThatOfTheCommitThatWasAcceptedLast) {
  OrdersWorld world;
  world.run("stop", "w1");
  const CommitId second = world.commit("2");
  world.runner.dead = {WorkerHost("w2"), WorkerHost("w3")};
  world.pass();  // accepted, and not applied
  ASSERT_NE(world.journal.state().applied, second);
  LoopWorld fresh;  // another process over the same store, workers and repository
  fresh.source = world.source;
  fresh.store = world.store;
  fresh.journal.reload();
  fresh.runner.workers = world.runner.workers;
  const ControlReply reply = fresh.desk.job_order_here({"start", "api", "w1", false, "", ""}, "ann");
  ASSERT_EQ(reply.kind, Kind::kDone) << reply.text;
  fresh.reconciler.run_orders();
  EXPECT_EQ(fresh.runner.runs, Runs{"start api@w1 1→2"}) << *fresh.desk.job_order_json(reply.text);
}

}  // namespace
}  // namespace maand::testing
