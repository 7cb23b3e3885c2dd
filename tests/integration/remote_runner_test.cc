// RemoteRunner against real workers of every kind: what lands, what leaves, what
// the target is given and what is told of it.
#include "executor/remote_runner.h"

#include <sys/stat.h>

#include <filesystem>

#include "tests/integration/ssh_fixture.h"
#include "tests/support/dropbear_worker.h"
#include "tests/support/runner_kit.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kMakefile =
    "start restart reload:\n"
    "\t@mkdir -p data logs\n"
    "\t@echo $@ $(CURRENT_VERSION) $(NEW_VERSION) $(MAAND_ATTEMPT) $(MAAND_PREVIOUS) >>data/events\n"
    "\t@echo hello from $@; id -un >data/user\n"
    "stop:\n"
    "\t@echo $@ $(CURRENT_VERSION) >>data/events\n";

std::string mode_of(const fs::path& path) {
  struct stat at {};
  if (::lstat(path.c_str(), &at) != 0) return "absent";
  char text[8];
  std::snprintf(text, sizeof text, "%o", at.st_mode & 07777u);
  return S_ISLNK(at.st_mode) ? "link to " + fs::read_symlink(path).string() : text;
}

// What every kind of worker offers to the tests.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual fs::path root() const = 0;
  virtual Endpoint to() const = 0;
  virtual void write_secrets(const fs::path& directory) const = 0;
};

class SshdWorker : public Worker {
 public:
  explicit SshdWorker(const FleetOptions& options) : sudo_(options.sudo), fleet_(options) {}
  fs::path root() const override { return fleet_.root(0); }
  Endpoint to() const override {
    Endpoint to = endpoint(fleet_);
    to.use_sudo = sudo_;
    return to;
  }
  void write_secrets(const fs::path& directory) const override { fleet_.write_secrets(directory); }

 private:
  const bool sudo_;
  SshdFleet fleet_;
};

class SmallWorker : public Worker {
 public:
  fs::path root() const override { return dropbear_.root(); }
  Endpoint to() const override {
    Endpoint to;
    to.host = WorkerHost(dropbear_.address());
    to.address = dropbear_.address();
    to.port = dropbear_.port();
    to.user = "root";
    to.key = "worker.key";
    return to;
  }
  void write_secrets(const fs::path& directory) const override { dropbear_.write_secrets(directory); }

 private:
  DropbearWorker dropbear_;
};

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Worker>()> make;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }  // NOLINT: gtest's name

class RemoteRunnerOn : public ::testing::TestWithParam<Kind> {
 protected:
  RemoteRunnerOn() : worker_(GetParam().make()), secrets_("maand-secrets"), ssh_(prepare()) {
    runner_ = std::make_unique<RemoteRunner>(RemoteRunnerOptions{.bucket_id = BucketId("bucket")}, ssh_,
                                             blobs_, heard_);
  }
  SshOptions prepare() {
    worker_->write_secrets(secrets_.path());
    return options(secrets_.path());
  }
  fs::path bucket() const { return worker_->root() / "bucket"; }
  fs::path job() const { return bucket() / "jobs/api"; }
  Operation make(Action action, const std::map<std::string, std::string>& files) {
    return operations_.make(action, "api", worker_->to(), file_set(blobs_, files));
  }
  Outcome run(const Operation& operation) { return submit(*runner_, operation).wait(); }
  std::string events() const { return read_file(job() / "data/events"); }

  std::unique_ptr<Worker> worker_;
  TempDirectory secrets_;
  SshTransport ssh_;
  MemoryBlobs blobs_;
  HeardOutput heard_;
  Operations operations_;
  std::unique_ptr<RemoteRunner> runner_;
};

TEST_P(RemoteRunnerOn, files_land_with_modes_and_links_and_the_target_gets_its_variables) {
  Operation operation = make(Action::kStart, {{"Makefile", kMakefile},
                                              {"run me.sh*", "#!/bin/sh\n"},
                                              {"conf/é/ü.conf", "bytes"},
                                              {"conf/empty", ""},
                                              {".hidden", "h"},
                                              {"link -> conf/é/ü.conf", ""}});
  operation.current_version = "0.9.0";
  operation.attempt = 3;
  operation.previous = Previous::kFailed;
  operation.worker_json = "{\"w\": 1}";
  operation.jobs_json = "{\"j\": 1}";
  const Outcome outcome = run(operation);
  ASSERT_EQ(outcome.kind, OutcomeKind::kSucceeded) << to_string(outcome.condition) << outcome.detail;
  EXPECT_FALSE(outcome.boot_id.empty());
  EXPECT_EQ(mode_of(job() / "Makefile"), "644");
  EXPECT_EQ(mode_of(job() / "run me.sh"), "755");
  EXPECT_EQ(mode_of(job() / "link"), "link to conf/é/ü.conf");
  EXPECT_EQ(read_file(job() / "link"), "bytes");
  EXPECT_EQ(read_file(job() / "conf/empty"), "");
  EXPECT_EQ(read_file(job() / ".hidden"), "h");
  EXPECT_EQ(read_file(bucket() / "worker.json"), "{\"w\": 1}");
  EXPECT_EQ(read_file(bucket() / "jobs.json"), "{\"j\": 1}");
  EXPECT_EQ(events(), "start 0.9.0 " + operation.new_version + " 3 failed\n");
  EXPECT_EQ(heard_.text(), "hello from start\n");
  EXPECT_EQ(read_file(job() / "data/user"), "root\n");
}

TEST_P(RemoteRunnerOn, removal_deletes_what_was_shipped_and_leaves_what_the_app_made) {
  const std::map<std::string, std::string> files{
      {"Makefile", kMakefile}, {"conf/a", "a"}, {"conf/deep/b", "b"}, {"link -> conf/a", ""}};
  const Operation start = make(Action::kStart, files);
  ASSERT_EQ(run(start).kind, OutcomeKind::kSucceeded);
  write_file(job() / "data/kept", "k");
  fs::create_directories(job() / "bin");
  write_file(job() / "bin/built", "b");
  write_file(job() / "logs/log", "l");
  write_file(job() / "conf/made-by-the-app", "m");

  Operation stop = make(Action::kStop, files);
  stop.base = start.files;
  stop.current_version = start.new_version;
  ASSERT_EQ(run(stop).kind, OutcomeKind::kSucceeded);
  Operation remove = make(Action::kRemove, {});
  remove.base = start.files;
  remove.current_version = start.new_version;
  const Outcome removed = run(remove);
  ASSERT_EQ(removed.kind, OutcomeKind::kSucceeded) << removed.detail;
  for (const char* gone : {"Makefile", "conf/a", "conf/deep", "link"}) {
    EXPECT_EQ(mode_of(job() / gone), "absent") << gone;
  }
  for (const char* kept : {"data/kept", "bin/built", "logs/log", "conf/made-by-the-app"}) {
    EXPECT_NE(mode_of(job() / kept), "absent") << kept;
  }
  EXPECT_EQ(read_file(bucket() / ".maand/last/api"), start.new_version + "\n");

  // It returns with the version it left with (R2.2).
  const Operation again = make(Action::kStart, files);
  ASSERT_EQ(run(again).kind, OutcomeKind::kSucceeded);
  EXPECT_THAT(events(), HasSubstr("start " + start.new_version + " " + again.new_version));
}

TEST_P(RemoteRunnerOn, another_list_than_the_base_is_replaced_by_the_whole_list) {
  const Operation start = make(Action::kStart, {{"Makefile", kMakefile}, {"only-there", "x"}, {"same", "s"}});
  ASSERT_EQ(run(start).kind, OutcomeKind::kSucceeded);
  Operation next = make(Action::kRestart, {{"Makefile", kMakefile}, {"same", "s"}, {"new", "n"}});
  next.base = file_set(blobs_, {{"Makefile", "another"}, {"same", "s"}, {"new", "n"}});
  const Outcome outcome = run(next);
  ASSERT_EQ(outcome.kind, OutcomeKind::kSucceeded) << outcome.detail;
  EXPECT_EQ(read_file(job() / "Makefile"), kMakefile);
  EXPECT_EQ(read_file(job() / "new"), "n");
  EXPECT_EQ(mode_of(job() / "only-there"), "absent");
}

TEST_P(RemoteRunnerOn, what_was_confirmed_is_put_back_from_what_the_worker_kept) {
  Operation start = make(Action::kStart, {{"Makefile", kMakefile}, {"conf/a", "one"}, {"gone", "one"}});
  ASSERT_EQ(run(start).kind, OutcomeKind::kSucceeded);
  Operation next = make(Action::kRestart, {{"Makefile", kMakefile}, {"conf/a", "two"}, {"new", "two"}});
  next.base = start.files;
  next.keep = start.files->list_id;
  ASSERT_EQ(run(next).kind, OutcomeKind::kSucceeded);
  fs::permissions(job() / "conf/a", fs::perms(0600));

  Operation back = make(Action::kRollback, {});
  back.files = start.files;
  back.base = next.files;
  back.current_version = next.new_version;
  back.new_version = start.new_version;
  for (const char* bytes : {kMakefile, "one"}) blobs_.lose(bytes);  // R5.2: nothing travels
  const Outcome outcome = run(back);
  ASSERT_EQ(outcome.kind, OutcomeKind::kSucceeded) << outcome.detail;
  EXPECT_EQ(read_file(job() / "conf/a"), "one");
  EXPECT_EQ(fs::status(job() / "conf/a").permissions() & fs::perms::mask, fs::perms(0644));
  EXPECT_EQ(read_file(job() / "gone"), "one");
  EXPECT_EQ(mode_of(job() / "new"), "absent");
  EXPECT_THAT(events(), HasSubstr("restart " + next.new_version + " " + start.new_version));

  Operation never_kept = make(Action::kRollback, {});
  never_kept.files = next.files;
  const Outcome refused = run(never_kept);
  EXPECT_EQ(refused.kind, OutcomeKind::kFailed);
  EXPECT_THAT(refused.detail, HasSubstr("not kept"));
}

TEST_P(RemoteRunnerOn, targets_that_are_missing_or_fail_or_take_too_long_are_told_apart) {
  const std::map<std::string, std::string> files{
      {"Makefile",
       "start:\n\t@exit 7\n"
       "restart:\n\t@mkdir -p data; sleep 321 & echo $$! >data/child; wait\n"}};
  const Outcome missing = run(make(Action::kReload, files));
  EXPECT_EQ(missing.kind, OutcomeKind::kFailed);
  EXPECT_TRUE(missing.missing_target) << missing.detail;

  const Outcome failed = run(make(Action::kStart, files));
  EXPECT_EQ(failed.kind, OutcomeKind::kFailed);
  EXPECT_FALSE(failed.missing_target);
  EXPECT_FALSE(failed.timed_out);
  EXPECT_EQ(failed.exit_status, 2);  // what make says of any failed recipe

  Operation endless = make(Action::kRestart, files);
  endless.timeout = Seconds{1};
  const Outcome late = run(endless);
  EXPECT_EQ(late.kind, OutcomeKind::kFailed);
  EXPECT_TRUE(late.timed_out);
  // The whole group was ended; the pid is that of the worker's own namespace, so
  // the worker is asked.
  Operation look = operations_.make(
      Action::kStart, "look", worker_->to(),
      file_set(blobs_, {{"Makefile",
                         "start:\n\t@read -r pid <../api/data/child || exit 1; "
                         "if grep -s State /proc/$$pid/status | grep -qv Z; then echo alive; "
                         "else echo gone; fi\n"}}));
  ASSERT_EQ(run(look).kind, OutcomeKind::kSucceeded);
  EXPECT_THAT(heard_.text(), HasSubstr("gone"));
}

TEST_P(RemoteRunnerOn, output_arrives_while_the_target_runs) {
  const auto answer =
      submit(*runner_, make(Action::kStart, {{"Makefile",
                                              "start:\n\t@echo first; mkdir -p data\n"
                                              "\t@while [ ! -e data/go ]; do sleep 1; done; echo last\n"}}));
  ASSERT_TRUE(heard_.wait_for("first\n"));
  EXPECT_EQ(answer.count(), 0u);
  write_file(job() / "data/go", "");
  EXPECT_EQ(answer.wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(heard_.text(), "first\nlast\n");
}

TEST_P(RemoteRunnerOn, a_wiped_worker_and_another_ones_marker_are_refused) {
  const Operation start = make(Action::kStart, {{"Makefile", kMakefile}});
  ASSERT_EQ(run(start).kind, OutcomeKind::kSucceeded);
  Operation stranger = make(Action::kRestart, {{"Makefile", kMakefile}});
  stranger.allocation.worker = WorkerHost("somebody-else");
  EXPECT_EQ(run(stranger).condition, WorkerCondition::kIdentityMismatch);

  fs::remove_all(bucket());
  Operation next = make(Action::kRestart, {{"Makefile", kMakefile}});
  next.expect_marker = true;
  const Outcome outcome = run(next);
  EXPECT_EQ(outcome.kind, OutcomeKind::kCondition);
  EXPECT_EQ(outcome.condition, WorkerCondition::kWorkerStateMissing);
  EXPECT_FALSE(fs::exists(bucket()));
}

INSTANTIATE_TEST_SUITE_P(
    All, RemoteRunnerOn,
    ::testing::Values(
        Kind{"sshd", [] { return std::make_unique<SshdWorker>(FleetOptions{.workers = 1}); }},
        Kind{"sshd_bash",
             [] { return std::make_unique<SshdWorker>(FleetOptions{.workers = 1, .shell = "/bin/bash"}); }},
        Kind{"sudo",
             [] {
               return std::make_unique<SshdWorker>(
                   FleetOptions{.workers = 1, .user = "deploy", .sudo = true});
             }},
        Kind{"dropbear_busybox", [] { return std::make_unique<SmallWorker>(); }}),
    [](const ::testing::TestParamInfo<Kind>& one) { return one.param.name; });

}  // namespace
}  // namespace maand::testing
