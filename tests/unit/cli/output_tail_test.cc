// What targets print, line by line, while they print it.
#include "reconciler/cli/output_tail.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace maand::testing {
namespace {

class OutputTailTest : public ::testing::Test {
 protected:
  void print(const std::string& allocation, const std::string& bytes) {
    std::ofstream(directory_.path() / (allocation + ".log"), std::ios::app | std::ios::binary) << bytes;
  }
  OutputTail tail() {
    return OutputTail(directory_.path(), "api", [this](const std::string& worker, std::string_view line) {
      told_.push_back(worker + ": " + std::string(line));
    });
  }
  std::vector<std::string> told() { return std::exchange(told_, {}); }

  TempDir directory_;
  std::vector<std::string> told_;
};

using Lines = std::vector<std::string>;

TEST_F(OutputTailTest, TellsWhatComesFromNowOnOfThisJobAlone) {
  print("api@w1", "old\n");
  OutputTail tail = this->tail();
  tail.read_new();
  EXPECT_EQ(told(), Lines{});
  print("api@w1", "--- operation " + std::string(32, 'a') + "\none\n");
  print("api@w2", "two\n");
  print("api-more@w1", "another job's\n");
  tail.read_new();
  EXPECT_EQ(told(), (Lines{"w1: one", "w2: two"}));
}

TEST_F(OutputTailTest, ALineIsToldWhenItIsWholeAndTheRestAtTheEnd) {
  OutputTail tail = this->tail();
  print("api@w1", "half");
  tail.read_new();
  EXPECT_EQ(told(), Lines{});
  print("api@w1", " and half\n\n--- operation of my own\nno newline");
  tail.read_new();
  EXPECT_EQ(told(), (Lines{"w1: half and half", "w1: ", "w1: --- operation of my own"}));
  tail.end();
  EXPECT_EQ(told(), Lines{"w1: no newline"});
}

TEST_F(OutputTailTest, ALineOfAnyLengthComesWholeOrInPieces) {
  OutputTail tail = this->tail();
  print("api@w1", std::string(300'000, 'x') + "\n");
  tail.read_new();
  EXPECT_EQ(told(), Lines{"w1: " + std::string(300'000, 'x')});
  print("api@w1", std::string(OutputTail::kLongestLine + 100'000, 'y') + "\n");
  tail.read_new();
  std::size_t bytes = 0;
  const Lines pieces = told();
  for (const std::string& piece : pieces) bytes += piece.size() - 4;
  EXPECT_EQ(pieces.size(), 2u);
  EXPECT_EQ(bytes, OutputTail::kLongestLine + 100'000) << "and nothing is lost";
}

TEST_F(OutputTailTest, AFileThatIsMovedAwayLosesNothing) {
  OutputTail tail = this->tail();
  print("api@w1", "before\n");
  tail.read_new();
  print("api@w1", "last of it\n");
  std::filesystem::rename(directory_.path() / "api@w1.log", directory_.path() / "api@w1.log.1");
  print("api@w1", "after\n");
  tail.read_new();
  EXPECT_EQ(told(), (Lines{"w1: before", "w1: last of it", "w1: after"}));
}

}  // namespace
}  // namespace maand::testing
