#include "reconciler/cli/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDocument = R"({
  "bucket_id": "b", "name": "prod", "phase": "rolling out", "pending": true, "state": "applying",
  "head": "1111111111111111111111111111111111111111",
  "applied_commit": "2222222222222222222222222222222222222222",
  "source": {"state": "Unreachable", "detail": "timed out"},
  "workers_set_aside": [{"worker": "10.0.0.9", "condition": "AuthFailed", "detail": "no key fits"}],
  "pass": {"state": "applying",
    "allocations": [
      {"job": "api", "worker": "10.0.0.1", "action": "restart", "outcome": "failed", "detail": "exit status 2",
       "health": "unprobed", "current_version": "1.0.0"},
      {"job": "api", "worker": "10.0.0.9", "action": "start", "outcome": "set-aside", "detail": "",
       "health": "unprobed", "current_version": "0.0.0"}],
    "jobs": [{"job": "api", "state": "held", "reason": "TargetFailed", "detail": "restart on 10.0.0.1"}],
    "diagnostics": [{"severity": "error", "path": "jobs/web/Makefile", "field": "", "message": "is missing", "advice": "add it"},
                    {"severity": "warning", "path": "x", "field": "", "message": "told elsewhere", "advice": ""}]},
  "rollout": [{"job": "web", "state": "running", "reason": "Unchanged", "detail": "", "batch": 2, "batches": 5, "done": 3, "total": 10},
              {"job": "api", "state": "failed", "reason": "TargetFailed", "detail": "", "batch": 1, "batches": 1, "done": 0, "total": 1}],
  "allocations": [{"job": "api", "worker": "10.0.0.1", "state": "failed", "version": "1.0.0", "health": "unprobed"}],
  "daemon": true})";

TEST(StatusText, ShowsWhatIsHeldSetAsideBrokenAndMoving) {
  const std::string text = status_text(parse_status(kDocument), {});
  for (const char* part : {
           "maand prod: applying\n",
           "111111111111 (last applied: 222222222222)",
           "Unreachable: timed out",
           "rolling out, another pass was asked for",
           "api is held  TargetFailed, ",
           "restart on 10.0.0.1",
           "10.0.0.9 is set aside  AuthFailed: no key fits",
           "error  jobs/web/Makefile: is missing — add it",
           "3/10  batch 2/5  running",
       }) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("told elsewhere")));
  EXPECT_THAT(text, Not(HasSubstr("0/1"))) << "a job that failed does not move any more";
}

TEST(StatusText, ListsAllocationsWithWhatTheNewestPassSaysOfThem) {
  const std::string text = status_text(parse_status(kDocument), {});
  EXPECT_THAT(text, HasSubstr("api  10.0.0.1  1.0.0    failed     unprobed  restart failed: exit status 2\n"
                              "api  10.0.0.9  0.0.0    set-aside  unprobed  start set-aside\n"));
}

TEST(StatusText, AChannelIsNamedOnlyWhileItsMessagesDoNotArrive) {
  const std::string text =
      status_text(parse_status(
                      R"({"name": "prod", "state": "applied", "channels": [{"name": "mail", "waiting": 0},
          {"name": "slack", "waiting": 2, "problem": "HTTP 403: invalid_token", "since": "2026-01-31T09:30:00.000Z"}]})"),
                  {});
  EXPECT_THAT(text, HasSubstr("slack does not take messages  HTTP 403: invalid_token (since "
                              "2026-01-31T09:30:00.000Z, 2 waiting)\n"));
  EXPECT_THAT(text, Not(HasSubstr("mail")));
}

TEST(StatusText, NeverPassesTerminalSequencesOn) {
  const std::string text = status_text(
      parse_status(
          R"({"name": "a\u001b[2J", "state": "held", "pass": {"jobs": [{"job": "x", "state": "held", "reason": "\u001b]0;", "detail": "\u0007"}]}})"),
      {});
  EXPECT_EQ(text.find('\033'), std::string::npos) << text;
  EXPECT_EQ(text.find('\a'), std::string::npos) << text;
}

TEST(StatusText, OneLineForLogs) {
  EXPECT_EQ(status_line(parse_status(kDocument)), "applying · rolling out · web 3/10 batch 2/5");
}

constexpr const char* kRollout =
    R"({"name": "prod", "state": "applying", "phase": "rolling out", "daemon": true,
  "rollout": [
    {"job": "db", "state": "done", "batch": 1, "batches": 1, "done": 2, "total": 2},
    {"job": "api", "state": "running", "batch": 2, "batches": 3, "done": 2, "total": 6, "running": ["10.0.0.3", "10.0.0.4"],
     "failed": ["10.0.0.1"], "set_aside": ["10.0.0.9"]},
    {"job": "web", "state": "waiting", "reason": "UpstreamFailed", "detail": "api", "batch": 0, "batches": 2, "done": 0, "total": 3}]})";

TEST(StatusText, ARolloutHasABarForEveryJobAndNamesWorkersInTrouble) {
  const std::vector<std::string> lines = rollout_lines(parse_status(kRollout), {});
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], "applying · rolling out · 1 of 3 jobs through");
  EXPECT_THAT(lines[1],
              AllOf(HasSubstr("api "), HasSubstr("██████░░░░"), HasSubstr("2/6  batch 2/3  running")));
  EXPECT_THAT(lines[2], HasSubstr("now on 10.0.0.3, 10.0.0.4"));
  EXPECT_THAT(lines[3], HasSubstr("failed on 10.0.0.1"));
  EXPECT_THAT(lines[4], HasSubstr("set aside: 10.0.0.9"));
  EXPECT_THAT(lines[5], AllOf(HasSubstr("web "), HasSubstr("0/3"), HasSubstr("waiting")));
  EXPECT_THAT(status_text(parse_status(kRollout), {}), HasSubstr("failed on 10.0.0.1\n"));
  EXPECT_THAT(status_line(parse_status(kRollout)),
              HasSubstr("api 2/6 batch 2/3 failed on 10.0.0.1 set aside 10.0.0.9, web 0/3"));
}

TEST(StatusText, ARolloutFitsTheTerminal) {
  StatusView status = parse_status(kRollout);
  status.rollout[1].running.assign(30, "a-worker-with-a-rather-long-name.example.com");
  for (const std::size_t columns : {50u, 80u, 200u}) {
    for (const std::string& line : rollout_lines(status, {columns, false}))
      EXPECT_LE(display_width(line), columns) << line;
  }
  EXPECT_THAT(rollout_lines(status, {})[2], HasSubstr(" and 22 more"));
}

TEST(StatusText, ABarIsFullOnlyWhenAllIsDone) {
  StatusView::Progress job{.job = "web", .state = "running", .done = 9, .total = 10};
  EXPECT_THAT(progress_line(job, {}), HasSubstr("██████████████████░░"));
  job.done = 10;
  EXPECT_THAT(progress_line(job, {}), HasSubstr("████████████████████"));
  job.total = 0;
  EXPECT_THAT(progress_line(job, {}), HasSubstr("░░░░░░░░░░░░░░░░░░░░"));
}

TEST(StatusText, SurvivesWhatItDoesNotUnderstand) {
  for (const char* document :
       {"", "no json", "[]", "{}", R"({"pass": 7, "allocations": {"a": 1}, "head": null})"}) {
    EXPECT_THAT(status_text(parse_status(document), {}), HasSubstr("Nothing is deployed yet")) << document;
  }
}

TEST(StatusView, ExitStatusFollowsTheState) {
  struct {
    const char* state;
    ExitStatus status;
  } const rows[] = {
      {"applied", kExitDone},
      {"degraded", kExitFailed},
      {"rolled_back", kExitFailed},
      {"held", kExitHeld},
      {"refused", kExitHeld},
      {"pending", kExitChangesPending},
      {"applying", kExitChangesPending},
      {"superseded", kExitChangesPending},
  };
  for (const auto& row : rows) {
    StatusView status;
    status.state = row.state;
    EXPECT_EQ(exit_of(status), row.status) << row.state;
  }
  StatusView unwritable;
  unwritable.state = "applied";
  unwritable.store_problem = "disk full";
  EXPECT_EQ(exit_of(unwritable), kExitFailed);
}

}  // namespace
}  // namespace maand
