// R5.9, R5.7: who is looked at, and what follows from what was found.
#include "reconciler/core/drift_list.h"

#include <gtest/gtest.h>

#include "reconciler/core/allocation_decision.h"
#include "reconciler/core/allocation_record.h"
#include "reconciler/core/reconstruction.h"
#include "tests/support/desire.h"

namespace maand {
namespace {

// One job `api` 1.0.0, running confirmed on w1.
struct World {
  World() {
    Worker worker;
    worker.host = WorkerHost("w1");
    worker.address = "10.0.0.1";
    worker.labels = {"worker"};
    workspace.workers = {worker};
    job.name = JobName("api");
    job.version = "1.0.0";
    job.selectors = {"worker"};
    job.tree = TreeId("tree");
    job.files = make_file_set({{.path = "Makefile", .content = sha256("a")}});
    allocation.key = {job.name, worker.host};
    allocation.running = true;
    allocation.version = "1.0.0";
    allocation.files = job.files;
    allocation.tree = job.tree;
    allocation.last = LastResult::kConfirmed;
    allocation.last_target = Target::kStart;
  }
  AppliedState applied() const {
    AppliedState state;
    state.allocations[allocation.key] = allocation;
    state.jobs[job.name].job = job.name;
    return state;
  }
  DesiredState desired() {
    workspace.jobs[job.name] = job;
    return desire(CommitId("commit"), workspace, applied());
  }
  // `10.0.0.1 status 30 s`; "" = nobody is looked at.
  std::string told() {
    const DesiredState wanted = desired();
    std::string out;
    for (const auto& [host, look] :
         make_drift_list(wanted, make_plan(wanted, applied(), settings), applied(), {})) {
      out += look.endpoint.address;
      for (const JobLook& one : look.jobs) {
        EXPECT_EQ(one.files, allocation.files);
        if (one.status_limit.count() > 0) out += " status " + std::to_string(one.status_limit.count()) + " s";
      }
    }
    return out;
  }
  std::string decided() {
    const PlannedAction action = decide_one(desired(), applied(), allocation.key);
    return std::string(to_string(action.action)) + " " + to_string(action.reason);
  }
  void drift(DriftKind kind, std::vector<std::string> paths = {}) {
    allocation.drift = Drift{.kind = kind, .paths = std::move(paths), .detail = "x", .heal = true};
  }

  Workspace workspace;
  PlanSettings settings;
  Job job;
  AppliedAllocation allocation;
};

struct Row {
  const char* when;
  void (*change)(World&);
  std::string told;
};

TEST(DriftList, IsOfThoseThatAreConfirmedAndHaveNothingToBeDone) {
  const std::vector<Row> rows = {
      {"it runs, confirmed", [](World&) {}, "10.0.0.1"},
      {"its manifest asks for status", [](World& w) { w.job.drift.status = true; }, "10.0.0.1 status 30 s"},
      {"nothing of the change is shipped",
       [](World& w) {
         w.job.drift.status = true;
         w.job.tree = TreeId("newer");
       },
       "10.0.0.1 status 30 s"},
      {"not by the content to come",
       [](World& w) {
         w.job.drift.status = true;
         w.job.tree = TreeId("newer");
         w.job.files = make_file_set({{.path = "Makefile", .content = sha256("b")}});
         w.settings.suspended.put({.job = w.job.name, .actor = "ann", .reason = "r"});
       },
       "10.0.0.1"},
      {"it waits for its upgrade", [](World& w) { w.job.version = "2.0.0"; }, ""},
      {"an operation is open",
       [](World& w) {
         w.allocation.open = Operation{};
         w.allocation.open->files = empty_file_set();
       },
       ""},
      {"it failed", [](World& w) { w.allocation.last = LastResult::kFailed; }, ""},
      {"what lies there is not known", [](World& w) { w.allocation.files = nullptr; }, ""},
      {"an operator stopped it (R5.7)",
       [](World& w) {
         w.allocation.stopped_by = StoppedBy{"ann", "x"};
       },
       ""},
      {"disabled, and stopped",
       [](World& w) {
         w.workspace.disabled.workers = {WorkerHost("w1")};
         w.allocation.running = false;
       },
       ""},
      {"its worker left", [](World& w) { w.workspace.workers[0].host = WorkerHost("w9"); }, ""},
  };
  for (const Row& row : rows) {
    World world;
    row.change(world);
    EXPECT_EQ(world.told(), row.told) << row.when;
  }
}

TEST(DriftList, AJobThatSaysWhatItsApplicationRewritesSaysItToTheLook) {
  World world;
  world.job.drift.ignore = {"Makefile"};
  const DesiredState wanted = world.desired();
  const DriftList list = make_drift_list(wanted, make_plan(wanted, world.applied(), {}), world.applied(), {});
  ASSERT_EQ(list.size(), 1u);
  const JobLook& look = list.begin()->second.jobs.at(0);
  JobSeen seen{.job = look.job,
               .list = look.files->list_id.hex(),
               .deviations = {{JobSeen::Deviation::Kind::kChanged, "Makefile"}}};
  EXPECT_EQ(judge_look(look, seen)->kind, DriftKind::kNone);
}

TEST(DriftDecision, IsThatOfARolloutOfTheSameFiles) {
  struct Case {
    RestartPolicy policy;
    DriftKind kind;
    const char* path;
    const char* decided;
  };
  const std::vector<Case> cases = {
      {RestartPolicy::kAlways, DriftKind::kFiles, "conf/a", "restart Drifted"},
      {RestartPolicy::kNever, DriftKind::kFiles, "conf/a", "sync Drifted"},
      {RestartPolicy::kReload, DriftKind::kFiles, "conf/a", "reload Drifted"},
      {RestartPolicy::kReload, DriftKind::kFiles, "bin/a", "restart Drifted"},
      {RestartPolicy::kReload, DriftKind::kNotRunning, "conf/a", "restart Drifted"},
      {RestartPolicy::kNever, DriftKind::kNotRunning, "conf/a", "restart Drifted"},
  };
  for (const Case& one : cases) {
    World world;
    world.job.restart_policy = one.policy;
    world.job.restart_globs = {"bin/*"};
    world.drift(one.kind, {one.path});
    EXPECT_EQ(world.decided(), one.decided) << to_string(one.kind) << " " << one.path;
    world.allocation.drift->heal = false;
    EXPECT_EQ(world.decided(), "none Unchanged") << "it is only told";
  }
}

TEST(DriftDecision, NeverStartsWhatAnOperatorStoppedOrWhatIsDisabled_R5_7) {
  World world;
  world.drift(DriftKind::kNotRunning);
  world.allocation.stopped_by = StoppedBy{"ann", "repair"};
  EXPECT_EQ(world.decided(), "none StoppedByOperator");
  world.allocation.stopped_by.reset();
  world.workspace.disabled.workers = {WorkerHost("w1")};
  world.allocation.running = false;
  EXPECT_EQ(world.decided(), "none Disabled");
}

TEST(DriftDecision, AChangeTakesTheDriftAlong) {
  World world;
  world.drift(DriftKind::kNotRunning);
  world.job.restart_policy = RestartPolicy::kReload;
  world.job.version = "2.0.0";
  EXPECT_EQ(world.decided(), "restart VersionChanged") << "a reload would not bring it up";
}

// What the worker keeps says who stopped it, and until when.
TEST(StoppedByOperator, SurvivesALostStore_R5_7) {
  World world;
  world.drift(DriftKind::kFiles);
  Operation stop;
  stop.id = OperationId("abc");
  stop.seq = 7;
  stop.allocation = world.allocation.key;
  stop.action = Action::kStop;
  stop.files = world.allocation.files;
  const WallTime since{std::chrono::hours(480'000)};
  record_begin(world.allocation, stop, world.job.tree, CommitId("commit"));
  stop_for_operator(world.allocation, StoppedBy{"ann", "repair", since, since + std::chrono::hours(2)});
  EXPECT_FALSE(world.allocation.drift) << "nothing is put right there";

  Recalled told;
  told.instance = "marker";
  told.jobs.push_back({.job = world.job.name,
                       .operation = stop.id,
                       .seq = stop.seq,
                       .epoch = 1,
                       .record = allocation_record(world.allocation, "lost"),
                       .action = Action::kStop,
                       .current_version = "1.0.0",
                       .new_version = "1.0.0",
                       .outcome = Outcome{.kind = OutcomeKind::kSucceeded}});
  Endpoint worker;
  worker.host = world.allocation.key.worker;
  const Reconstruction made = reconstruct(worker, told, {"new", 1, 0});
  ASSERT_EQ(made.allocations.size(), 1u);
  EXPECT_EQ(made.allocations[0].stopped_by, world.allocation.stopped_by);
  EXPECT_FALSE(made.allocations[0].running);
  world.allocation = made.allocations[0];
  world.job.version = "2.0.0";
  EXPECT_EQ(world.decided(), "none StoppedByOperator") << "whatever commits come";
  EXPECT_TRUE(world.allocation.stopped_by->over(since + std::chrono::hours(2)));
  EXPECT_FALSE(world.allocation.stopped_by->over(since));
  EXPECT_FALSE((StoppedBy{"ann", "x"}).over(since)) << "without an end";
}

}  // namespace
}  // namespace maand
