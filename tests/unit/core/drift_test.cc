// R5.9: what one look says, what the record makes of it, and who is looked at when.
#include "reconciler/core/drift.h"

#include <gtest/gtest.h>

#include <set>

#include "reconciler/core/drift_look.h"
#include "reconciler/core/drift_watch.h"

namespace maand {
namespace {

using namespace std::chrono_literals;

using Deviation = JobSeen::Deviation;
using Kind = Deviation::Kind;
using Status = JobSeen::Status;

FileSetPtr shipped() {
  return make_file_set({{.path = "Makefile", .content = sha256("m")},
                        {.path = "conf/app.ini", .content = sha256("a")},
                        {.path = "conf/state.ini", .content = sha256("s")},
                        {.path = "manifest.json", .content = sha256("{}")},
                        {.path = "run.sh", .mode = FileMode::kExecutable, .content = sha256("r")}});
}

JobLook asked(std::vector<std::string> ignore = {}, std::vector<std::string> rendered = {}) {
  JobLook look{.job = JobName("api"), .files = shipped(), .status_limit = Seconds(30)};
  look.rules = std::make_shared<const LookRules>(LookRules{std::move(ignore), std::move(rendered)});
  return look;
}

JobSeen seen(std::vector<Deviation> deviations, Status status = Status::kNotAsked, int exit_status = 0) {
  return {.job = JobName("api"),
          .list = shipped()->list_id.hex(),
          .deviations = std::move(deviations),
          .status = status,
          .exit_status = exit_status};
}

struct Row {
  const char* when;
  JobLook asked;
  JobSeen seen;
  DriftKind kind;
  std::string detail;
};

TEST(DriftLook, SaysWhatLiesThereAgainstWhatWasShipped) {
  JobSeen other = seen({});
  other.list = sha256("theirs").hex();
  JobSeen lost = seen({});
  lost.list.clear();
  JobSeen many = seen({{Kind::kChanged, "Makefile"}});
  many.more = true;
  const std::vector<Row> rows = {
      {"all is in order", asked(), seen({}), DriftKind::kNone, ""},
      {"files changed, gone, replaced", asked(),
       seen({{Kind::kGone, "run.sh"}, {Kind::kChanged, "conf/app.ini"}}), DriftKind::kFiles,
       "conf/app.ini changed, run.sh is gone"},
      {"a symlink in the place of a file", asked(), seen({{Kind::kSymlink, "run.sh"}}), DriftKind::kFiles,
       "run.sh is another symlink, or one at all"},
      {"more than are named", asked(),
       seen({{Kind::kMode, "run.sh"},
             {Kind::kNoFile, "Makefile"},
             {Kind::kChanged, "conf/app.ini"},
             {Kind::kChanged, "conf/state.ini"}}),
       DriftKind::kFiles,
       "Makefile is no file any more, conf/app.ini changed, conf/state.ini changed and 1 more"},
      {"too many to be told", asked(), many, DriftKind::kFiles, "Makefile changed and others"},
      {"manifest.json counts for nothing (R3.2)", asked(), seen({{Kind::kChanged, "manifest.json"}}),
       DriftKind::kNone, ""},
      {"what the manifest says the application rewrites", asked({"conf/state.*"}),
       seen({{Kind::kChanged, "conf/state.ini"}}), DriftKind::kNone, ""},
      {"the same for a template by its name", asked({"conf/state.ini.tpl"}, {"conf/state.ini"}),
       seen({{Kind::kChanged, "conf/state.ini"}}), DriftKind::kNone, ""},
      {"a path nobody asked about", asked(), seen({{Kind::kChanged, "data/db"}}), DriftKind::kNone, ""},
      {"somebody else deployed", asked(), other, DriftKind::kOtherList,
       "other files than ours were deployed there"},
      {"the worker lost its list", asked(), lost, DriftKind::kOtherList,
       "its worker no longer knows what was shipped"},
      {"it runs", asked(), seen({}, Status::kRuns), DriftKind::kNone, ""},
      {"it does not run", asked(), seen({}, Status::kNotRunning, 2), DriftKind::kNotRunning,
       "`make status` ended with 2"},
      {"it hangs", asked(), seen({}, Status::kTimedOut), DriftKind::kNotRunning,
       "`make status` did not end within 30 s"},
      {"there is no such target", asked(), seen({}, Status::kMissing), DriftKind::kNoStatus,
       "its Makefile has no target `status`, which drift.status of its manifest asks for"},
      {"it does not run, and its files changed", asked(),
       seen({{Kind::kChanged, "Makefile"}}, Status::kNotRunning, 1), DriftKind::kNotRunning,
       "`make status` ended with 1; Makefile changed"},
      {"its files changed, and who asks for status cannot be told", asked(),
       seen({{Kind::kChanged, "Makefile"}}, Status::kMissing), DriftKind::kFiles, "Makefile changed"},
  };
  for (const Row& row : rows) {
    const auto found = judge_look(row.asked, row.seen);
    ASSERT_TRUE(found) << row.when;
    EXPECT_EQ(found->kind, row.kind) << row.when;
    EXPECT_EQ(found->detail, row.detail) << row.when;
  }
}

TEST(DriftLook, WhatIsUnderWayHasNoVerdict) {
  JobSeen busy = seen({{Kind::kChanged, "Makefile"}});
  busy.busy = true;
  EXPECT_FALSE(judge_look(asked(), busy));
}

// ---- the record ---------------------------------------------------------------------

const Drift::Time kNow{std::chrono::hours(500'000)};
const DriftFinding kFound{.kind = DriftKind::kFiles, .paths = {"a"}, .detail = "a changed"};
const DriftFinding kFine{};

TEST(Drift, IsKeptSinceItWasFirstFoundAndForgottenWhenItIsOver) {
  const auto first = after_look(std::nullopt, kFound, DriftMode::kReport, kNow);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->since, kNow);
  EXPECT_FALSE(first->heal);
  EXPECT_EQ(after_look(first, kFound, DriftMode::kReport, kNow + 1h), first) << "the same again is no change";
  EXPECT_FALSE(after_look(first, kFine, DriftMode::kReport, kNow + 2h));
}

TEST(Drift, IsHealedOnceAndThenOnlyTold) {
  const auto ordered = after_look(std::nullopt, kFound, DriftMode::kHeal, kNow);
  ASSERT_TRUE(ordered && ordered->heal);
  EXPECT_EQ(after_look(ordered, kFound, DriftMode::kHeal, kNow + 1h), ordered)
      << "an order that waits stays one order";

  auto record = ordered;
  drift_is_over(record);  // it was shipped anew
  ASSERT_TRUE(record);
  EXPECT_EQ(record->kind, DriftKind::kNone);
  const auto again = after_look(record, kFound, DriftMode::kHeal, kNow + 2h);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->heal) << "whatever changes it would change it again";
  EXPECT_NE(drift_words(*again).find("maand retry"), std::string::npos);

  EXPECT_TRUE(after_look(record, kFine, DriftMode::kHeal, kNow + 3h)) << "in order, and still remembered";
  EXPECT_FALSE(after_look(record, kFine, DriftMode::kHeal, kNow + kHealRest));
  const auto later = after_look(record, kFound, DriftMode::kHeal, kNow + kHealRest);
  EXPECT_TRUE(later && later->heal);

  auto free = again;
  forget_healing(free);  // `maand retry`
  const auto retried = after_look(free, kFound, DriftMode::kHeal, kNow + 3h);
  EXPECT_TRUE(retried && retried->heal);
}

TEST(Drift, OnlyWhatShippingPutsRightIsHealed) {
  for (const DriftKind kind : {DriftKind::kOtherList, DriftKind::kNoStatus}) {
    const auto record = after_look(std::nullopt, {.kind = kind, .detail = "x"}, DriftMode::kHeal, kNow);
    ASSERT_TRUE(record) << to_string(kind);
    EXPECT_FALSE(record->heal) << to_string(kind);
    EXPECT_EQ(drift_kind_from(to_string(kind)), kind);
  }
}

TEST(Drift, WhatNoFileCanLandAtIsForAPerson) {
  const DriftFinding found = *judge_look(asked(), seen({{Kind::kInTheWay, "run.sh"}}));
  EXPECT_NE(found.detail.find("removed by hand"), std::string::npos) << found.detail;
  const auto record = after_look(std::nullopt, found, DriftMode::kHeal, kNow);
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->heal) << "landing would be refused, and the job held for it";
}

TEST(Drift, AClockThatWasPutBackKeepsNothingFromBeingHealed) {
  const auto ordered = after_look(std::nullopt, kFound, DriftMode::kHeal, kNow);
  auto record = ordered;
  drift_is_over(record);
  const auto found = after_look(record, kFound, DriftMode::kHeal, kNow - 100h);
  EXPECT_TRUE(found && found->heal);
}

// ---- when ---------------------------------------------------------------------------

constexpr auto kInterval = 1h;

DriftList list_of(int workers, const std::vector<const char*>& jobs = {"api"}) {
  DriftList list;
  for (int i = 0; i < workers; ++i) {
    const WorkerHost host("w" + std::to_string(i));
    list[host].endpoint.host = host;
    for (const char* job : jobs) list[host].jobs.push_back({.job = JobName(job), .files = shipped()});
  }
  return list;
}

const Instant kStart{1000h};

TEST(DriftWatch, EveryWorkerIsLookedAtOnceAnIntervalAndTheyAreSpread) {
  DriftWatch watch(kInterval, 1000, 7);
  watch.follow(list_of(60), kStart);
  std::map<WorkerHost, int> looks;
  std::size_t most_at_once = 0;
  for (int minute = 0; minute <= 600; ++minute) {
    const auto due = watch.due(kStart + std::chrono::minutes(minute));
    most_at_once = std::max(most_at_once, due.size());
    for (const DriftWatch::Look& look : due) {
      ++looks[look.worker.endpoint.host];
      watch.answered(look);
    }
  }
  ASSERT_EQ(looks.size(), 60u);
  for (const auto& [worker, count] : looks) {
    EXPECT_GE(count, 9) << worker.str();
    EXPECT_LE(count, 11) << worker.str();
  }
  EXPECT_LT(most_at_once, 12u) << "of 60";
}

TEST(DriftWatch, ItsTurnsAreThoseOfItsSeed) {
  const auto turns = [](std::uint64_t seed) {
    DriftWatch watch(kInterval, 10, seed);
    watch.follow(list_of(1), kStart);
    std::vector<std::int64_t> out;
    for (int i = 0; i < 4; ++i) {
      const Instant at = *watch.wake_at();
      out.push_back((at - kStart).count());
      for (const DriftWatch::Look& look : watch.due(at)) watch.answered(look);
    }
    return out;
  };
  EXPECT_EQ(turns(1), turns(1));
  EXPECT_NE(turns(1), turns(2));
}

TEST(DriftWatch, NeverMoreAtOnceThanItMay) {
  DriftWatch watch(kInterval, 2, 1);
  watch.follow(list_of(5), kStart);
  const auto first = watch.due(kStart + 2h);
  EXPECT_EQ(first.size(), 2u);
  EXPECT_TRUE(watch.due(kStart + 2h).empty());
  EXPECT_FALSE(watch.wake_at());
  watch.answered(first[0]);
  EXPECT_EQ(watch.due(kStart + 2h).size(), 1u);
}

TEST(DriftWatch, WhatARolloutActsOnIsLeftOutAndItsAnswerCountsForNothing) {
  DriftWatch watch(kInterval, 10, 1);
  watch.follow(list_of(1, {"api", "db"}), kStart);
  const auto before = watch.due(kStart + 2h);
  ASSERT_EQ(before.size(), 1u);
  watch.pause(JobName("api"));
  const auto counts = watch.answered(before[0]);
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].job, JobName("db"));

  const auto during = watch.due(kStart + 4h);
  ASSERT_EQ(during.size(), 1u);
  ASSERT_EQ(during[0].worker.jobs.size(), 1u);
  EXPECT_EQ(during[0].worker.jobs[0].job, JobName("db"));

  watch.follow(list_of(1, {"api", "db"}), kStart + 4h);  // the rollout is over
  EXPECT_EQ(watch.answered(during[0]).size(), 1u);
  const auto after = watch.due(kStart + 6h);
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(watch.answered(after[0]).size(), 2u);
}

TEST(DriftWatch, AWorkerThatIsGoneIsAskedNoMoreAndOneThatStaysKeepsItsTurn) {
  DriftWatch watch(kInterval, 10, 1);
  watch.follow(list_of(2), kStart);
  const auto turn = watch.wake_at();
  watch.follow(list_of(2), kStart + 1min);
  EXPECT_EQ(watch.wake_at(), turn);
  watch.follow({}, kStart + 2min);
  EXPECT_EQ(watch.watched(), 0u);
  EXPECT_FALSE(watch.wake_at());
  watch.follow(list_of(2), kStart + 3min);
  EXPECT_EQ(watch.wake_at(), turn) << "a rollout that takes all of a worker does not put its turn off";
}

TEST(DriftWatch, AWorkerThatTakesLongIsAskedOnceAtATime) {
  DriftWatch watch(kInterval, 10, 1);
  watch.follow(list_of(1), kStart);
  const auto first = watch.due(kStart + 2h);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(watch.due(kStart + 8h).empty());
  watch.follow(list_of(1), kStart + 8h);
  EXPECT_TRUE(watch.due(kStart + 8h).empty());
  watch.answered(first[0]);
  EXPECT_EQ(watch.due(kStart + 8h).size(), 1u);
}

}  // namespace
}  // namespace maand
