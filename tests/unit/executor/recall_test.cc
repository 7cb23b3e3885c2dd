// What is made of a worker's answer about what it keeps (R7.3). A worker may be broken, or
// somebody else's: any bytes are safe.
#include "executor/recall.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

const char* const kAnswer =
    "banner of a login shell\nmaand1 hello\nreply recalled\n"
    "marker bucket w1 1b4e28ba\nepoch 0000000000000003\n"
    "moved older 0000001700000000007\n"
    "port api http 8080\n"
    "job api\nh do run\nh op 00ab\nh seq 0000001700000000000\nh epoch 2\nh target restart\nh ships yes\n"
    "h current 1.0\nh new 1.1\nr state failed\nr exit 2\nr boot b\nr ms 12\nr end 00ab\nrecord {\"a\": 1}\n"
    "job db\nh op 00cd\nh target none\nh ships remove\n"
    "claimed 9090 other\nend 0\n";

std::optional<Recalled> parse(const std::string& text, const char* bucket = "bucket") {
  return parse_recalled(text, BucketId(bucket), {WorkerHost("w1"), WorkerHost("old")});
}

TEST(ParseRecalled, MarkerEpochPortsAndOfEachJobTheNewestOperation) {
  const auto told = parse(kAnswer);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->condition, WorkerCondition::kNone);
  EXPECT_EQ(told->instance, "1b4e28ba");
  EXPECT_EQ(told->epoch, 3u);
  EXPECT_EQ(told->ports, (PortTable{{JobName("api"), {{"http", 8080}}}}));
  EXPECT_EQ(told->claimed, (std::map<int, std::string>{{9090, "other"}}));
  EXPECT_EQ(told->moved, (std::map<JobName, std::uint64_t>{{JobName("older"), 1700000000007u}}));
  ASSERT_EQ(told->jobs.size(), 2u);
  const RecalledJob& api = told->jobs[0];
  EXPECT_EQ(api.operation, OperationId("00ab"));
  EXPECT_EQ(api.seq, 1700000000000u);
  EXPECT_EQ(api.epoch, 2u);
  EXPECT_EQ(api.action, Action::kRestart);
  EXPECT_EQ(api.current_version + " " + api.new_version, "1.0 1.1");
  EXPECT_EQ(api.record, "{\"a\": 1}");
  ASSERT_TRUE(api.outcome);
  EXPECT_EQ(api.outcome->kind, OutcomeKind::kFailed);
  EXPECT_EQ(api.outcome->exit_status, 2);
  EXPECT_EQ(told->jobs[1].action, Action::kRemove);
  EXPECT_FALSE(told->jobs[1].outcome) << "it has no receipt yet";
}

TEST(ParseRecalled, WhatIsCutIsNoAnswer) {
  const std::string whole = kAnswer;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) EXPECT_FALSE(parse(whole.substr(0, cut))) << cut;
}

TEST(ParseRecalled, AReceiptOfAnotherOperationIsNone) {
  std::string text = kAnswer;
  text.replace(text.find("r end 00ab"), 10, "r end 00ac");
  EXPECT_FALSE(parse(text)->jobs[0].outcome);
}

TEST(ParseRecalled, AMarkerOfSomebodyElseIsTold_R3_5) {
  EXPECT_EQ(parse(kAnswer, "another")->condition, WorkerCondition::kIdentityMismatch);
  std::string text = kAnswer;
  text.replace(text.find(" w1 "), 4, " w2 ");
  EXPECT_EQ(parse(text)->condition, WorkerCondition::kIdentityMismatch);
  text.replace(text.find(" w2 "), 4, " old ");
  EXPECT_EQ(parse(text)->condition, WorkerCondition::kNone) << "it had that name (R3.6)";
}

TEST(ParseRecalled, AnEmptyWorkerHasNoMarker) {
  const auto told = parse("reply recalled\nmarker   \nepoch 0\nend 0\n");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->condition, WorkerCondition::kNone);
  EXPECT_TRUE(told->instance.empty());
}

TEST(ParseRecalled, LinesThatMeanNothingAreSkipped) {
  for (const char* line : {"port", "port api", "port api http x", "port api http -1",
                           "epoch 99999999999999999999999", "claimed x y", "claimed 70000000000 y",
                           "job ../x", "h op 1", "r state ok", "record {}", "h", "r", "marker a", "junk"}) {
    const auto told = parse("reply recalled\n" + std::string(line) + "\nend 0\n");
    ASSERT_TRUE(told) << line;
    EXPECT_TRUE(told->jobs.empty() && told->ports.empty() && told->claimed.empty()) << line;
  }
}

}  // namespace
}  // namespace maand
