// The connection to a real worker breaks or falls silent at chosen bytes of an
// operation (R3.2 to R3.4): the target runs once or not at all, the answer says
// which, and no file is left half landed.
#include <cstdlib>
#include <filesystem>

#include "executor/remote_runner.h"
#include "tests/integration/ssh_fixture.h"
#include "tests/support/runner_kit.h"
#include "tests/support/tcp_proxy.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::size_t rounds() {
  const char* given = std::getenv("MAAND_FAULT_ROUNDS");
  return given == nullptr ? 40 : static_cast<std::size_t>(std::max(1, std::atoi(given)));
}

// One line in data/events for each run, with the version as the operation's name.
constexpr const char* kMakefile =
    "start restart:\n"
    "\t@echo begins $(NEW_VERSION)\n"
    "\t@mkdir -p data && echo $(NEW_VERSION) >>data/events\n"
    "\t@echo ends $(NEW_VERSION)\n";

class ConnectionCut : public ::testing::Test {
 protected:
  ConnectionCut() : secrets_("maand-secrets"), ssh_(prepare()) {
    options_.bucket_id = BucketId("bucket");
    options_.lost_for = 20s;
    to_ = endpoint(fleet_);
    to_.address = proxy_.address();
    to_.port = proxy_.port();
    to_.host_keys = {fleet_.host_key(0)};
    runner_ = std::make_unique<RemoteRunner>(options_, ssh_, blobs_, heard_);
  }
  SshOptions prepare() {
    fleet_.write_secrets(secrets_.path());
    return options(secrets_.path());
  }

  fs::path job(const std::string& name = "api") const { return fleet_.root(0) / "bucket/jobs" / name; }
  std::string events(const std::string& name = "api") const {
    const fs::path path = job(name) / "data/events";
    return fs::exists(path) ? read_file(path) : "";
  }

  // Nine files whose every byte depends on `round`.
  static std::map<std::string, std::string> content(std::size_t round) {
    std::map<std::string, std::string> files{{"Makefile", kMakefile}};
    for (int i = 0; i < 8; ++i) {
      const std::string name = (i < 4 ? "f" : "conf/deep/f") + std::to_string(i);
      std::string text;
      while (text.size() < 2500) text += name + " of round " + std::to_string(round) + "\n";
      files[name] = text;
    }
    return files;
  }
  bool files_are_of(std::size_t round) const {
    for (const auto& [name, text] : content(round)) {
      if (!fs::exists(job() / name) || read_file(job() / name) != text) return false;
    }
    return true;
  }
  Operation restart_of(std::size_t round) {
    Operation operation = operations_.make(round == 0 ? Action::kStart : Action::kRestart, "api", to_,
                                           file_set(blobs_, content(round)));
    operation.base = landed_;
    operation.expect_marker = round > 0;
    return operation;
  }

  // Cuts one operation per offset and judges what is left of it.
  void cut_everywhere(Direction direction);

  SshdFleet fleet_{{.workers = 1}};
  TempDirectory secrets_;
  SshTransport ssh_;
  TcpProxy proxy_{fleet_.address(0), fleet_.port()};
  MemoryBlobs blobs_;
  HeardOutput heard_;
  RemoteRunnerOptions options_;
  Endpoint to_;
  Operations operations_;
  FileSetPtr landed_;
  std::unique_ptr<RemoteRunner> runner_;
};

void ConnectionCut::cut_everywhere(Direction direction) {
  ASSERT_EQ(submit(*runner_, restart_of(0)).wait().kind, OutcomeKind::kSucceeded);
  landed_ = file_set(blobs_, content(0));
  runner_->release_connections();
  ASSERT_EQ(submit(*runner_, restart_of(1)).wait().kind, OutcomeKind::kSucceeded);
  landed_ = file_set(blobs_, content(1));
  const std::uint64_t whole = proxy_.relayed(direction);  // of one operation with its login
  std::size_t there = 1;                                  // round whose files lie there
  std::map<std::string, int> seen;

  const std::size_t most = rounds();
  for (std::size_t round = 2; round < most + 2; ++round) {
    runner_->release_connections();
    // Uneven steps, so that the sample does not walk along packet borders. Almost
    // everything on the way up is needed before anything begins: every fourth cut
    // is for the last bytes, where the target already runs.
    std::uint64_t at = (whole * (round - 2) + round * 7919 % whole) / most;
    if (round % 4 == 0) at = whole - (round * 7919 % 80);
    SCOPED_TRACE("cut after " + std::to_string(at) + " of " + std::to_string(whole) + " bytes");
    const int before = proxy_.connections();
    proxy_.set_fault_once({ProxyFault::Kind::kCut, direction, at});
    const Operation operation = restart_of(round);
    const auto answer = submit(*runner_, operation);
    const Outcome outcome = answer.wait();
    EXPECT_GT(proxy_.connections(), before);
    ++seen[to_string(outcome.kind)];

    const std::size_t ran = count_lines(events(), operation.new_version);
    switch (outcome.kind) {
      case OutcomeKind::kSucceeded:
        EXPECT_EQ(ran, 1u);
        EXPECT_TRUE(files_are_of(round));
        there = round;
        landed_ = operation.files;
        break;
      case OutcomeKind::kCondition:
        EXPECT_EQ(outcome.condition, WorkerCondition::kUnreachable) << outcome.detail;
        [[fallthrough]];
      case OutcomeKind::kNever: {
        EXPECT_EQ(ran, 0u);
        EXPECT_TRUE(files_are_of(there));
        // It stays like that: whatever was under way cannot begin any more.
        const Outcome later = ask(*runner_, operation).wait();
        EXPECT_EQ(later.kind, OutcomeKind::kNever) << later.detail;
        EXPECT_EQ(count_lines(events(), operation.new_version), 0u);
        break;
      }
      default:
        ADD_FAILURE() << to_string(outcome.kind) << ": " << outcome.detail;
    }
    EXPECT_EQ(answer.count(), 1u);
    if (HasFailure()) break;
  }
  for (const auto& [kind, count] : seen) std::printf("  %s: %d\n", kind.c_str(), count);
  EXPECT_GT(seen["succeeded"], 0) << "every cut came too early to tell anything";

  proxy_.set_fault(std::nullopt);
  const Operation last = restart_of(most + 2);
  EXPECT_EQ(submit(*runner_, last).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_TRUE(files_are_of(most + 2));
}

TEST_F(ConnectionCut, on_the_way_to_the_worker_it_never_doubles_or_forgets_a_target) {
  cut_everywhere(Direction::kUp);
}

TEST_F(ConnectionCut, on_the_way_back_it_never_doubles_or_forgets_a_target) {
  cut_everywhere(Direction::kDown);
}

TEST_F(ConnectionCut, in_the_middle_of_the_output_the_rest_arrives_once) {
  const std::string makefile =
      "start:\n"
      "\t@for i in 1 2 3 4 5 6 7 8; do echo line $$i; done\n"
      "\t@while [ ! -e data/go ]; do sleep 0.05; done\n"
      "\t@for i in 11 12 13; do echo line $$i; done\n";
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", makefile}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("line 8\n"));
  proxy_.cut_all();
  fs::create_directories(job() / "data");
  write_file(job() / "data/go", "");
  EXPECT_EQ(answer.wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(heard_.text(),
            "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 11\nline 12\nline 13\n");
}

TEST_F(ConnectionCut, silence_for_ever_is_answered_in_bounds_and_the_truth_comes_later) {
  options_.grace = 3s;
  options_.lost_for = 2s;
  runner_ = std::make_unique<RemoteRunner>(options_, ssh_, blobs_, heard_);
  ASSERT_EQ(submit(*runner_, restart_of(0)).wait().kind, OutcomeKind::kSucceeded);
  const std::uint64_t whole = proxy_.relayed(Direction::kUp);
  landed_ = file_set(blobs_, content(0));

  std::size_t round = 1;
  int unknown = 0;
  // In the script, in the files, and when all has been said.
  for (const std::uint64_t at : {std::uint64_t{8000}, whole * 3 / 4, whole - 20}) {
    SCOPED_TRACE("silent after " + std::to_string(at) + " of " + std::to_string(whole) + " bytes");
    runner_->release_connections();
    // Every connection falls silent, the ones that ask as well.
    proxy_.set_fault(ProxyFault{ProxyFault::Kind::kStall, Direction::kUp, at});
    Operation operation = restart_of(round);
    operation.timeout = Seconds{2};
    const Outcome outcome = submit(*runner_, operation).wait();
    if (outcome.kind == OutcomeKind::kUnknown) {
      EXPECT_EQ(outcome.condition, WorkerCondition::kUnreachable);
      ++unknown;
    } else {  // what asks needs fewer bytes, and may get through
      EXPECT_TRUE(outcome.kind == OutcomeKind::kNever || outcome.kind == OutcomeKind::kSucceeded)
          << to_string(outcome.kind) << outcome.detail;
    }

    proxy_.set_fault(std::nullopt);
    proxy_.cut_all();
    const Outcome truth = ask(*runner_, operation).wait();
    const std::size_t ran = count_lines(events(), operation.new_version);
    if (truth.kind == OutcomeKind::kSucceeded) {
      EXPECT_EQ(ran, 1u);
      EXPECT_TRUE(files_are_of(round));
      landed_ = operation.files;
    } else {
      EXPECT_EQ(truth.kind, OutcomeKind::kNever) << to_string(truth.kind) << truth.detail;
      EXPECT_EQ(ran, 0u);
    }
    ++round;
  }
  EXPECT_GT(unknown, 0);
}

// A target that says hello and then takes until `data/go` is there.
constexpr const char* kSlow =
    "start:\n"
    "\t@mkdir -p data && echo $(NEW_VERSION) >>data/events; echo hello\n"
    "\t@while [ ! -e data/go ]; do sleep 0.05; done\n";

TEST_F(ConnectionCut, a_worker_whose_processes_die_under_the_target_says_interrupted) {
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  fleet_.kill(0);
  fleet_.restart(0);
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kInterrupted) << outcome.detail;
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
  // Asked again it says the same; what is submitted again does not begin.
  EXPECT_EQ(ask(*runner_, operation).wait().kind, OutcomeKind::kInterrupted);
  EXPECT_EQ(submit(*runner_, operation).wait().kind, OutcomeKind::kInterrupted);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

TEST_F(ConnectionCut, a_worker_that_reboots_under_the_target_says_interrupted_by_another_boot) {
  const Operation first =
      operations_.make(Action::kStart, "other", to_, file_set(blobs_, {{"Makefile", "start:\n\t@true\n"}}));
  const Outcome before = submit(*runner_, first).wait();
  ASSERT_EQ(before.kind, OutcomeKind::kSucceeded) << before.detail;
  ASSERT_FALSE(before.boot_id.empty());

  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  fleet_.reboot(0);
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kInterrupted) << outcome.detail;
  EXPECT_FALSE(outcome.boot_id.empty());
  EXPECT_NE(outcome.boot_id, before.boot_id);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

TEST_F(ConnectionCut, a_worker_that_stays_away_is_unknown_and_answers_when_it_is_back) {
  options_.lost_for = 1s;
  runner_ = std::make_unique<RemoteRunner>(options_, ssh_, blobs_, heard_);
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  fleet_.kill(0);
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown) << outcome.detail;
  EXPECT_EQ(outcome.condition, WorkerCondition::kUnreachable);
  fleet_.restart(0);
  EXPECT_EQ(ask(*runner_, operation).wait().kind, OutcomeKind::kInterrupted);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

TEST_F(ConnectionCut, a_fence_that_came_up_meanwhile_does_not_make_a_running_target_unbegun) {
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  write_file(fleet_.root(0) / "bucket/.maand/epoch/2", "");
  proxy_.cut_all();
  const Outcome outcome = answer.wait();
  EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown) << to_string(outcome.kind) << outcome.detail;
  EXPECT_EQ(outcome.condition, WorkerCondition::kFenced);
  write_file(job() / "data/go", "");
}

TEST_F(ConnectionCut, leaving_in_the_middle_of_a_target_answers_unknown_and_the_target_goes_on) {
  const Operation operation =
      operations_.make(Action::kStart, "api", to_, file_set(blobs_, {{"Makefile", kSlow}}));
  const auto answer = submit(*runner_, operation);
  ASSERT_TRUE(heard_.wait_for("hello"));
  runner_->stop();
  EXPECT_EQ(answer.wait().kind, OutcomeKind::kUnknown);
  write_file(job() / "data/go", "");

  SshTransport next(options(secrets_.path()));
  RemoteRunner successor(options_, next, blobs_, heard_);
  EXPECT_EQ(ask(successor, operation).wait().kind, OutcomeKind::kSucceeded);
  EXPECT_EQ(count_lines(events(), operation.new_version), 1u);
}

}  // namespace
}  // namespace maand::testing
