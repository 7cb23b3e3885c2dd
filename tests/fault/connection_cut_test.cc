// The connection to a real worker breaks or falls silent at chosen bytes of an
// operation (R3.2 to R3.4): the target runs once or not at all, the answer says
// which, and no file is left half landed.
#include <cstdlib>

#include "tests/fault/proxied_worker.h"

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

class ConnectionCut : public ProxiedWorker {
 protected:
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

  FileSetPtr landed_;  // what the next operation takes for what lies there
};

void ConnectionCut::cut_everywhere(Direction direction) {
  ASSERT_EQ(submit(*runner_, restart_of(0)).wait().kind, OutcomeKind::kSucceeded);
  landed_ = file_set(blobs_, content(0));
  runner_->release_connections();
  ASSERT_EQ(submit(*runner_, restart_of(1)).wait().kind, OutcomeKind::kSucceeded);
  landed_ = file_set(blobs_, content(1));
  const std::uint64_t whole = proxy_.relayed(direction);  // of one operation with its login
  std::size_t there = 1;                                  // round whose files lie there
  bool sealed = false;                                    // how the round before ended
  std::map<std::string, int> seen;

  const std::size_t most = rounds();
  for (std::size_t round = 2; round < most + 2; ++round) {
    runner_->release_connections();
    // Uneven steps, so that the sample does not walk along packet borders. Almost
    // everything on the way up is needed before anything begins: every fourth cut
    // is for the last bytes, where the target already runs.
    std::uint64_t at = (whole * (round - 2) + round * 7919 % whole) / most;
    if (round % 4 == 0) at = whole - round / 4 * 11 % 44;
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
        // Busy: what was sealed a moment ago may still hold the job's lock.
        EXPECT_TRUE(outcome.condition == WorkerCondition::kUnreachable ||
                    (sealed && outcome.condition == WorkerCondition::kBusy))
            << outcome.detail;
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
    sealed = outcome.kind == OutcomeKind::kNever;
    EXPECT_EQ(answer.count(), 1u);
    if (HasFailure()) break;
  }
  for (const auto& [kind, count] : seen) std::printf("  %s: %d\n", kind.c_str(), count);
  // A receipt lost on its way back is most of what can be lost there.
  if (direction == Direction::kDown) {
    EXPECT_GT(seen["succeeded"], 0);
  }

  // A connection that outlived its round may still have the cut before it.
  proxy_.set_fault(std::nullopt);
  runner_->release_connections();
  Outcome last = submit(*runner_, restart_of(most + 2)).wait();
  for (int i = 0; i < 20 && last.condition == WorkerCondition::kBusy; ++i) {
    last = submit(*runner_, restart_of(most + 2)).wait();
  }
  EXPECT_EQ(last.kind, OutcomeKind::kSucceeded) << last.detail;
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

}  // namespace
}  // namespace maand::testing
