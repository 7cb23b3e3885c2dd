// The truth table of R2.1, row by row. A row says what is known and what follows.
#include "reconciler/core/restart.h"

#include <gtest/gtest.h>

#include <vector>

namespace maand {
namespace {

constexpr LastResult kOk = LastResult::kConfirmed;
constexpr LastResult kBad = LastResult::kFailed;
constexpr LastResult kCut = LastResult::kInterrupted;
constexpr RestartPolicy kAlways = RestartPolicy::kAlways;
constexpr RestartPolicy kReload = RestartPolicy::kReload;
constexpr RestartPolicy kNever = RestartPolicy::kNever;

struct Row {
  const char* when;
  Situation situation;
  Decision decision;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"left, running: stop, then remove",
       {.synced = true, .running = true, .last = kOk, .last_target = Target::kStart},
       {Action::kStop, Reason::kLeft, true}},
      {"left, not running: remove the shipped files",
       {.synced = true, .last = kOk, .last_target = Target::kStop},
       {Action::kRemove, Reason::kLeft}},
      {"left, never synced: forget", {}, {Action::kForget, Reason::kLeft}},
      {"left after a start that failed half way: stop, since it may have left something",
       {.synced = true, .may_run = true, .last = kBad, .last_target = Target::kStart},
       {Action::kStop, Reason::kLeft, true}},
      {"left, although an operator stopped it: remove",
       {.stopped_by_operator = true, .synced = true, .last = kOk, .last_target = Target::kStop},
       {Action::kRemove, Reason::kLeft}},
      {"stopped by an operator: nothing, whatever changed",
       {.wanted = true,
        .stopped_by_operator = true,
        .synced = true,
        .files_differ = true,
        .version_differs = true},
       {Action::kNone, Reason::kStoppedByOperator}},
      {"disabled, running: stop; files stay",
       {.wanted = true, .disabled = true, .synced = true, .running = true, .last = kOk},
       {Action::kStop, Reason::kDisabled}},
      {"disabled: nothing; its target moves",
       {.wanted = true,
        .disabled = true,
        .synced = true,
        .last = kOk,
        .last_target = Target::kStop,
        .files_differ = true},
       {Action::kNone, Reason::kDisabled}},
      {"disabled before it ever ran: nothing",
       {.wanted = true, .disabled = true, .files_differ = true},
       {Action::kNone, Reason::kDisabled}},
      {"never confirmed: sync, start",
       {.wanted = true, .files_differ = true},
       {Action::kStart, Reason::kNew}},
      {"never confirmed, policy never: still sync, start",
       {.wanted = true, .files_differ = true, .policy = kNever},
       {Action::kStart, Reason::kNew}},
      {"re-enabled: sync, start",
       {.wanted = true, .synced = true, .last = kOk, .last_target = Target::kStop},
       {Action::kStart, Reason::kReEnabled}},
      {"the last start failed: start again, whatever the policy",
       {.wanted = true,
        .synced = true,
        .may_run = true,
        .last = kBad,
        .last_target = Target::kStart,
        .policy = kNever},
       {Action::kStart, Reason::kPreviousFailed}},
      {"the last restart failed: restart, whatever the policy",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kBad,
        .last_target = Target::kRestart,
        .policy = kNever},
       {Action::kRestart, Reason::kPreviousFailed}},
      {"the last reload failed: restart",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kBad,
        .last_target = Target::kReload,
        .policy = kReload},
       {Action::kRestart, Reason::kPreviousFailed}},
      {"the last start was interrupted: start",
       {.wanted = true, .synced = true, .may_run = true, .last = kCut, .last_target = Target::kStart},
       {Action::kStart, Reason::kPreviousInterrupted}},
      {"the last restart was interrupted: restart",
       {.wanted = true, .synced = true, .running = true, .last = kCut, .last_target = Target::kRestart},
       {Action::kRestart, Reason::kPreviousInterrupted}},
      {"a stop for a disable failed and it is wanted again: restart",
       {.wanted = true, .synced = true, .running = true, .last = kBad, .last_target = Target::kStop},
       {Action::kRestart, Reason::kPreviousFailed}},
      {"files differ, policy never: sync",
       {.wanted = true, .synced = true, .running = true, .last = kOk, .files_differ = true, .policy = kNever},
       {Action::kSync, Reason::kFilesChanged}},
      {"version differs, policy never: sync",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .version_differs = true,
        .policy = kNever},
       {Action::kSync, Reason::kVersionChanged}},
      {"files differ, policy reload, no changed path matches: sync, reload",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .files_differ = true,
        .policy = kReload},
       {Action::kReload, Reason::kFilesChanged}},
      {"version alone, policy reload: sync, reload",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .version_differs = true,
        .policy = kReload},
       {Action::kReload, Reason::kVersionChanged}},
      {"files differ, policy reload, a changed path matches: sync, restart",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .files_differ = true,
        .policy = kReload,
        .glob_matched = true},
       {Action::kRestart, Reason::kGlobMatched}},
      {"files differ: sync, restart",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .files_differ = true,
        .policy = kAlways},
       {Action::kRestart, Reason::kFilesChanged}},
      {"certificates alone differ: as any other file, under a reason of their own",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .files_differ = true,
        .policy = kAlways,
        .value_changed = true,
        .certificates_changed = true},
       {Action::kRestart, Reason::kCertificateRenewed}},
      {"certificates alone differ, policy reload: sync, reload",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .files_differ = true,
        .policy = kReload,
        .value_changed = true,
        .certificates_changed = true},
       {Action::kReload, Reason::kCertificateRenewed}},
      {"a version change alone is a rollout",
       {.wanted = true, .synced = true, .running = true, .last = kOk, .version_differs = true},
       {Action::kRestart, Reason::kVersionChanged}},
      {"nothing differs: nothing",
       {.wanted = true, .synced = true, .running = true, .last = kOk},
       {Action::kNone, Reason::kUnchanged}},
      {"nothing differs, and what lies there is to be put right (R5.9)",
       {.wanted = true, .synced = true, .running = true, .last = kOk, .heal = true},
       {Action::kRestart, Reason::kDrifted}},
      {"the same where maand itself makes files otherwise (R1.10)",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .heal = true,
        .files_differ = true,
        .policy = kReload,
        .uncaused = true},
       {Action::kReload, Reason::kDrifted}},
      {"it does not run any more: neither files nor a reload would bring it up",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .heal = true,
        .not_running = true,
        .policy = kReload},
       {Action::kRestart, Reason::kDrifted}},
      {"to be put right, and an operator stopped it",
       {.wanted = true, .stopped_by_operator = true, .synced = true, .last = kOk, .heal = true},
       {Action::kNone, Reason::kStoppedByOperator}},
      {"nothing differs, but nobody saw whether it came up: only its gate",
       {.wanted = true, .synced = true, .running = true, .last = kOk, .gate_owed = true},
       {Action::kSync, Reason::kSettled}},
      {"a rollout has a gate of its own",
       {.wanted = true,
        .synced = true,
        .running = true,
        .last = kOk,
        .gate_owed = true,
        .version_differs = true},
       {Action::kRestart, Reason::kVersionChanged}},
      {"an operation's end is not known: nothing, whatever else holds",
       {.unsettled = true, .synced = true, .running = true, .files_differ = true},
       {Action::kNone, Reason::kUnsettled}},
  };
  return kRows;
}

TEST(Restart, FollowsTheTableOfR2_1) {
  for (const Row& row : rows()) {
    const Decision decision = decide(row.situation);
    EXPECT_EQ(decision, row.decision)
        << row.when << ": got " << to_string(decision.action) << ", " << to_string(decision.reason);
  }
}

// Whatever is known, the decision is one that is safe to take.
TEST(Restart, NeverActsOnAnythingUnsettledAndNeverStopsWhatIsWantedAndEnabled) {
  constexpr LastResult kResults[] = {LastResult::kNone, kOk, kBad, kCut};
  constexpr Target kTargets[] = {Target::kNone, Target::kStart, Target::kStop, Target::kRestart,
                                 Target::kReload};
  for (unsigned bits = 0; bits < 512; ++bits) {
    for (const LastResult last : kResults) {
      for (const Target target : kTargets) {
        for (const RestartPolicy policy : {kAlways, kReload, kNever}) {
          Situation s;
          s.wanted = bits & 1U;
          s.disabled = bits & 2U;
          s.stopped_by_operator = bits & 4U;
          s.unsettled = bits & 8U;
          s.synced = bits & 16U;
          s.running = bits & 32U;
          s.may_run = !s.running && (bits & 64U);
          s.files_differ = bits & 128U;
          s.version_differs = bits & 256U;
          s.last = last;
          s.last_target = target;
          s.policy = policy;
          const Decision d = decide(s);
          if (s.unsettled) {
            EXPECT_EQ(d.action, Action::kNone);
          }
          if (s.wanted && !s.disabled) {
            EXPECT_NE(d.action, Action::kStop);
          }
          if (s.wanted) {
            EXPECT_NE(d.action, Action::kRemove);
          }
          if (!s.wanted && (s.running || s.may_run) && !s.unsettled) {
            EXPECT_EQ(d.action, Action::kStop);
          }
          if (!s.wanted) {
            EXPECT_FALSE(ships_files(d.action));
          }
        }
      }
    }
  }
}

FileSetPtr files(std::vector<std::pair<std::string, std::string>> contents) {
  std::vector<ShippedFile> list;
  for (const auto& [path, content] : contents) list.push_back({.path = path, .content = sha256(content)});
  return make_file_set(std::move(list));
}

AllocationContent content_of(const FileSetPtr& files) { return {files, files, {}}; }

TEST(Restart, ManifestJsonIsShippedAndIsNoDifference) {
  Job job;
  job.version = "1.0.0";
  job.files = files({{"Makefile", "start:"}, {"manifest.json", "{\"a\": 1}"}});
  AppliedAllocation applied;
  applied.version = "1.0.0";
  applied.files = files({{"Makefile", "start:"}, {"manifest.json", "{}"}});
  EXPECT_FALSE(files_differ(content_of(job.files), applied));
  EXPECT_NE(job.files->list_id, applied.files->list_id);
}

TEST(Restart, AModeChangeIsADifference) {
  Job job;
  job.files = make_file_set({{.path = "run.sh", .mode = FileMode::kExecutable, .content = sha256("x")}});
  AppliedAllocation applied;
  applied.files = make_file_set({{.path = "run.sh", .mode = FileMode::kRegular, .content = sha256("x")}});
  EXPECT_TRUE(files_differ(content_of(job.files), applied));
  EXPECT_EQ(changed_paths(applied.files.get(), job.files.get()), std::vector<std::string>{"run.sh"});
}

TEST(Restart, ARecordedBaselineIsNoDifference_R1_10) {
  Job job;
  job.files = files({{"Makefile", "new rendering"}});
  AppliedAllocation applied;
  applied.files = files({{"Makefile", "old rendering"}});
  EXPECT_TRUE(files_differ(content_of(job.files), applied));
  applied.baseline = job.files->digest;
  EXPECT_FALSE(files_differ(content_of(job.files), applied));
}

// What lies there, what is wanted now, and why the two differ.
struct Rendering {
  const char* what;
  const char* tree;     // of the job now; it was "tree"
  const char* version;  // now; it was 1.0.0
  const char* values;   // read now; they were "values"
  Action action;
  Reason reason;
};

class RenderedFilesDiffer : public ::testing::TestWithParam<Rendering> {};

TEST_P(RenderedFilesDiffer, AndTheReasonSaysWhy) {
  const Rendering& row = GetParam();
  Job job;
  job.tree = TreeId(row.tree);
  job.version = row.version;
  job.files = empty_file_set();
  AppliedAllocation applied;
  applied.running = true;
  applied.last = LastResult::kConfirmed;
  applied.version = "1.0.0";
  applied.tree = TreeId("tree");
  applied.files = files({{"app.ini", "before"}});
  applied.rendered_with.values = sha256("values");
  AllocationContent content = content_of(files({{"app.ini", "now"}}));
  content.with.values = sha256(row.values);
  const Wanted wanted{job, content};
  const Decision decision = decide(situation_of(&wanted, &applied, false));
  EXPECT_EQ(to_string(decision.action), std::string(to_string(row.action))) << row.what;
  EXPECT_EQ(to_string(decision.reason), std::string(to_string(row.reason))) << row.what;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RenderedFilesDiffer,
    ::testing::Values(
        Rendering{"the commit changed a template", "other", "1.0.0", "values", Action::kRestart,
                  Reason::kFilesChanged},
        Rendering{"a value changed and the job did not", "tree", "1.0.0", "other", Action::kRestart,
                  Reason::kValueChanged},
        Rendering{"a setting of the bucket changed, which is part of the hold key", "tree+0123456789abcdef",
                  "1.0.0", "other", Action::kRestart, Reason::kValueChanged},
        Rendering{"both changed", "other", "1.0.0", "other", Action::kRestart, Reason::kFilesChanged},
        Rendering{"the version says it first", "tree", "2.0.0", "other", Action::kRestart,
                  Reason::kVersionChanged},
        Rendering{"nothing did: maand renders otherwise (R1.10)", "tree", "1.0.0", "values", Action::kNone,
                  Reason::kNewBaseline}));

// The same release, written otherwise: a target may look at the text it is given.
TEST(Restart, VersionsAreComparedAsTheyAreWritten) {  // workspace.md 2.4
  Job job;
  job.version = "1.0.0";
  AppliedAllocation applied;
  applied.running = true;
  applied.last = LastResult::kConfirmed;
  applied.version = "1.0";
  applied.files = files({{"Makefile", "start:"}});
  const AllocationContent content = content_of(applied.files);
  const Wanted wanted{job, content};
  EXPECT_EQ(decide(situation_of(&wanted, &applied, false)).reason, Reason::kVersionChanged);
}

TEST(Restart, AValueThatMovesByItselfIsNoReason) {  // workspace.md, list of differences
  Job job;
  job.version = "1.0.0";
  AppliedAllocation applied;
  applied.running = true;
  applied.last = LastResult::kConfirmed;
  applied.version = "1.0.0";
  applied.files = files({{"app.ini", "from 0.9.0"}});
  const AllocationContent content{files({{"app.ini", "from 1.0.0"}}), applied.files, {}};
  const Wanted wanted{job, content};
  EXPECT_EQ(decide(situation_of(&wanted, &applied, false)).reason, Reason::kUnchanged);
}

TEST(Restart, AStartThatNeverBeganForLackOfItsTargetLeftNothingBehind) {
  AppliedAllocation applied;
  applied.files = files({{"Makefile", "stop:"}});
  applied.last = LastResult::kFailed;
  applied.last_target = Target::kStart;
  applied.missing_target = true;
  EXPECT_EQ(decide(situation_of(nullptr, &applied, false)).action, Action::kRemove);
}

}  // namespace
}  // namespace maand
