// What is sent for an errand, and how what comes back is read. Under every shell the program itself is
// tried by tests/fault/worker_script/worker_errand_test.py.
#include "executor/errand_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "executor/errand_script.h"

namespace maand {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;
using Kind = ErrandOutcome::Kind;

TEST(ErrandCall, TheScriptTravelsAsItIsBehindAHeader) {
  Errand errand;
  errand.script = "echo 'a b' \"$X\"\nset A 1\n\nid 1";
  errand.bash = true;
  errand.environment = {{"BUCKET_ID", "b1"}, {"WORKER_IP", "10.0.0.1\nset PATH /evil"}};
  errand.directory = "/opt/worker/b1";
  errand.limit = Seconds(7);
  const std::string request = errand_request(errand, "abc0");
  ASSERT_THAT(request, StartsWith(std::string(kErrandScript)));
  EXPECT_EQ(request.substr(kErrandScript.size()),
            "id abc0\ndir /opt/worker/b1\nlimit 7\nshell bash\nset BUCKET_ID b1\n"
            "set WORKER_IP 10.0.0.1?set PATH /evil\n\n" +
                errand.script + "\nmaand-end abc0");
}

TEST(ErrandCall, TheProgramIsWhatTheCommandCounts) {
  for (const char c : kErrandScript) ASSERT_LT(static_cast<unsigned char>(c), 0x80);
  EXPECT_THAT(std::string(kErrandScript), EndsWith("\nerrand\n"));
}

TEST(ErrandCall, AnAnswerTellsHowItEndedHoweverItIsCut) {
  const struct {
    const char* said;
    bool began;
    std::optional<Kind> kind;
    int status;
  } rows[] = {
      {"maand1 hello\n.\n.\nexit 0\nend ab\n", true, Kind::kEnded, 0},
      {"maand1 hello\nexit 3\nend ab\n", true, Kind::kEnded, 3},
      {"Welcome!\nmaand1 hello\nexit 3\n", true, Kind::kEnded, 3},
      {"Welcome! maand1 hello\nexit 3\n", true, Kind::kEnded, 3},
      {"maand1 hello\nlate\n.\nexit 143\nend ab\n", true, Kind::kTimedOut, 143},
      {"maand1 hello\ncut\nexit 97\nend ab\n", true, Kind::kNotBegun, 0},
      {"maand1 hello\nrefused ToolMissing setsid\nend ab\n", true, Kind::kNotBegun, 0},
      {"maand1 hello\n.\n.\n", true, std::nullopt, 0},
      {"maand1 hello\nexit 3", true, std::nullopt, 0},
      {"exit 0\nend ab\n", false, std::nullopt, 0},
      {"maand1 cut\n", false, std::nullopt, 0},
      {"", false, std::nullopt, 0},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {1u, 3u, 1000u}) {
      ErrandAnswer answer("ab");
      for (std::string_view rest = row.said; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
        answer.take(rest.substr(0, piece));
      EXPECT_EQ(answer.began(), row.began) << row.said;
      const auto outcome = answer.outcome();
      ASSERT_EQ(outcome.has_value(), row.kind.has_value()) << row.said;
      if (!outcome) continue;
      EXPECT_EQ(outcome->kind, *row.kind) << row.said;
      EXPECT_EQ(outcome->exit_status, row.status) << row.said;
    }
  }
}

TEST(ErrandCall, ALoginShellMayTalkWithoutEnd) {
  ErrandAnswer answer("ab");
  for (int i = 0; i < 1000; ++i) answer.take(std::string(1000, 'x'));
  answer.take("\nmaand1 hello\nexit 0\nend ab\n");
  EXPECT_TRUE(answer.outcome().has_value());
}

}  // namespace
}  // namespace maand
