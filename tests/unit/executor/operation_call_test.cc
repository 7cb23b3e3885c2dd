// What is asked of a worker that has to be confirmed, and for how long: R2.9 `confirm_seconds`.
#include "executor/operation_call.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

namespace maand {
namespace {

using namespace std::chrono_literals;

// A worker that says what the test says; `do` and number of the connection are shown to it.
class Worker : public Transport {
 public:
  // nullopt: nothing comes through.
  using Says = std::function<std::optional<std::string>(const std::string& word, int connection)>;
  explicit Worker(Says says) : says_(std::move(says)) {}

  Connected connect(const Endpoint&) override {
    ++connections;
    if (cut) return {nullptr, WorkerCondition::kUnreachable, "it takes no new connection"};
    return {std::make_unique<Line>(*this, connections), WorkerCondition::kNone, ""};
  }
  void interrupt() override {}

  bool cut = false;
  int connections = 0;
  std::vector<std::string> words;

 private:
  class Line : public Connection {
   public:
    Line(Worker& worker, int number) : worker_(worker), number_(number) {}
    CommandResult run(const std::string&, const StdinSource& input, const OutputTaker& out,
                      const OutputTaker&, std::chrono::steady_clock::time_point) override {
      std::string sent;
      for (std::string_view piece = input(); !piece.empty(); piece = input()) sent += piece;
      const std::size_t at = sent.find("\ndo ") + 4;
      const std::string word = sent.substr(at, sent.find('\n', at) - at);
      worker_.words.push_back(word + " " + std::to_string(number_));
      const auto answer = worker_.says_(word, number_);
      if (!answer) return {.condition = WorkerCondition::kUnreachable, .detail = "lost", .began = true};
      out("maand1 hello\n" + *answer + "end op1\n");
      return {.began = true, .exit_status = 0};
    }
    Forwarded forward(const std::string&, int, std::chrono::steady_clock::time_point) override { return {}; }
    bool usable() const override { return true; }

   private:
    Worker& worker_;
    const int number_;
  };

  const Says says_;
};

std::string receipt(const std::string& state, const std::string& confirm) {
  return "reply receipt\nconfirm " + confirm + "\nstate " + state + "\n";
}

class NoBlobs : public Blobs {
 public:
  std::shared_ptr<const std::string> read(const BlobId&) override { return nullptr; }
};
class NoOutput : public OutputSink {
 public:
  void output(const AllocationKey&, const OperationId&, std::string_view) override {}
};

class OperationCallTest : public ::testing::Test {
 protected:
  OperationCallTest() {
    operation_.id = OperationId("op1");
    operation_.allocation = {JobName("api"), WorkerHost("w1")};
    operation_.action = Action::kRestart;
    operation_.files = empty_file_set();
    operation_.timeout = 0s;
    operation_.confirm = 0s;
    operation_.back_limits = {0s, 0s};
    options_.lost_for = 50ms;
    options_.grace = 50ms;
  }
  Outcome with(Worker& worker, Outcome (OperationCall::*what)()) {
    SessionCache sessions(worker, 4);
    OperationCall call({options_, worker, sessions, blobs_, output_, stopping_}, operation_);
    return (call.*what)();
  }

  Operation operation_;
  RemoteRunnerOptions options_;
  NoBlobs blobs_;
  NoOutput output_;
  std::atomic<bool> stopping_{false};
};

using Words = std::vector<std::string>;

TEST_F(OperationCallTest, AWorkerThatAnswersAndNeverSaysWhichOfBothIsNotAskedForEver) {
  Worker worker([](const std::string&, int) { return receipt("succeeded", "pending"); });
  const Outcome outcome = with(worker, &OperationCall::confirm);
  EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown);
  EXPECT_NE(outcome.detail.find("neither counts it nor takes it back"), std::string::npos) << outcome.detail;
}

TEST_F(OperationCallTest, ATargetThatFailedIsJudgedOnceANewConnectionHasReachedItsWorker) {
  Worker worker([](const std::string& word, int) {
    return receipt("failed", word == "confirm" ? "confirmed" : "pending");
  });
  for (const auto what : {&OperationCall::run, &OperationCall::ask}) {
    worker.words.clear();
    worker.connections = 0;
    const Outcome outcome = with(worker, what);
    EXPECT_EQ(outcome.kind, OutcomeKind::kFailed);
    EXPECT_EQ(outcome.confirmation, Confirmation::kNone);
    EXPECT_EQ(worker.words, (Words{what == &OperationCall::run ? "run 1" : "ask 1", "confirm 2"}));
  }
}

TEST_F(OperationCallTest, ATargetThatFailedAndCutItsWorkerOffIsNotKnownToHaveFailed) {
  Worker worker([&](const std::string&, int) {
    worker.cut = true;
    return receipt("failed", "pending");
  });
  const Outcome outcome = with(worker, &OperationCall::run);
  EXPECT_EQ(outcome.kind, OutcomeKind::kUnknown);
  EXPECT_EQ(worker.words, Words{"run 1"});
}

TEST_F(OperationCallTest, WhatItsWorkerTookBackMeanwhileIsToldAsThat) {
  Worker worker([](const std::string& word, int) {
    const std::string back = word == "confirm" ? "back_target restart\nback_state succeeded\n" : "";
    return receipt("failed", back.empty() ? "pending" : "reverted") + back;
  });
  const Outcome outcome = with(worker, &OperationCall::run);
  EXPECT_EQ(outcome.confirmation, Confirmation::kReverted);
  EXPECT_EQ(outcome.back, OutcomeKind::kSucceeded);
}

TEST_F(OperationCallTest, WhatEndedWellWaitsForItsGate) {
  Worker worker([](const std::string&, int) { return receipt("succeeded", "pending"); });
  EXPECT_EQ(with(worker, &OperationCall::run).confirmation, Confirmation::kPending);
  EXPECT_EQ(worker.words, Words{"run 1"});
}

}  // namespace
}  // namespace maand
