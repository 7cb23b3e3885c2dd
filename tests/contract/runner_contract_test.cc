#include "tests/contract/runner_contract.h"

#include "executor/remote_runner.h"
#include "tests/integration/ssh_fixture.h"
#include "tests/support/fake_runner.h"

namespace maand::testing {
namespace {

class FakeRunnerHarness : public RunnerHarness {
 public:
  FakeRunnerHarness() {
    fake_.on_run = [this](const Operation& operation) {
      ++runs_[operation.id];
      const bool fails = operation.allocation.job.str() == "fails";
      return Outcome{.kind = fails ? OutcomeKind::kFailed : OutcomeKind::kSucceeded};
    };
  }
  Runner& runner() override { return fake_; }
  Endpoint endpoint() override {
    Endpoint to;
    to.host = WorkerHost("w1");
    return to;
  }
  void kill_worker() override { fake_.dead.insert(WorkerHost("w1")); }
  void let_time_pass(const Operation& operation) override { fake_.reverts.insert(operation.allocation); }
  FileSetPtr files() override { return empty_file_set(); }
  std::size_t runs(const Operation& operation) override { return runs_[operation.id]; }

 private:
  FakeRunner fake_;
  std::map<OperationId, std::size_t> runs_;
};

class SshRunnerHarness : public RunnerHarness {
 public:
  SshRunnerHarness() : secrets_("maand-secrets"), ssh_(prepare()) {
    RemoteRunnerOptions given;
    given.bucket_id = BucketId("bucket");
    given.lost_for = std::chrono::seconds(2);
    runner_ = std::make_unique<RemoteRunner>(given, ssh_, blobs_, heard_);
  }
  Runner& runner() override { return *runner_; }
  Endpoint endpoint() override { return testing::endpoint(fleet_); }
  void kill_worker() override { fleet_.kill(0); }
  FileSetPtr files() override {
    return file_set(blobs_, {{"Makefile",
                              "start:\n"
                              "\t@echo $(NEW_VERSION) >>../../events\n"
                              "\t@case $(CURDIR) in */fails) exit 3;; esac\n"
                              "stop:\n\t@true\n"}});
  }
  void let_time_pass(const Operation& operation) override {
    // As its timer counts: boot, uptime, seconds.
    for (const auto& one : std::filesystem::directory_iterator(fleet_.root(0) / "bucket/.maand/jobs" /
                                                               operation.allocation.job.str() / "ops")) {
      if (one.path().string().find(operation.id.str()) == std::string::npos) continue;
      const std::string armed = read_file(one.path() / "armed");
      write_file(one.path() / "armed.new", armed.substr(0, armed.find(' ')) + " 0 0\n");
      std::filesystem::rename(one.path() / "armed.new", one.path() / "armed");
      return;
    }
  }
  std::size_t runs(const Operation& operation) override {
    const auto events = fleet_.root(0) / "bucket/events";
    return std::filesystem::exists(events) ? count_lines(read_file(events), operation.new_version) : 0;
  }

 private:
  SshOptions prepare() {
    fleet_.write_secrets(secrets_.path());
    return options(secrets_.path());
  }

  SshdFleet fleet_{{.workers = 1}};
  TempDirectory secrets_;
  SshTransport ssh_;
  MemoryBlobs blobs_;
  HeardOutput heard_;
  std::unique_ptr<RemoteRunner> runner_;
};

INSTANTIATE_TEST_SUITE_P(
    All, RunnerContract,
    ::testing::Values(RunnerCase{"fake", [] { return std::make_unique<FakeRunnerHarness>(); }},
                      RunnerCase{"remote_over_sshd", [] { return std::make_unique<SshRunnerHarness>(); }}),
    [](const ::testing::TestParamInfo<RunnerCase>& one) { return one.param.name; });

}  // namespace
}  // namespace maand::testing
