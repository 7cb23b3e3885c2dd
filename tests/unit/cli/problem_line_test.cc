#include "reconciler/cli/problem_line.h"

#include <gtest/gtest.h>

#include <string>

namespace maand {
namespace {

constexpr const char* kText = R"({
  "version": "1.0",
  "resources": {
    "ports": {
      "http": {}, "dns":
        53
    }
  },
  "checks": [
    {"type": "tcp", "text": "}\" {\n"},
    [1, 2,
     3],
    {"type": "http"}
  ],
  "files": {"etc/*.conf": {
    "mode": "1"}},
  "version": "2.0"
})";

TEST(ProblemLine, IsThatOfTheMember) {
  const struct {
    const char* field;
    int line;
  } rows[] = {
      {"", 1},
      {"version", 17},  // the last one is what is read
      {"Version", 17},
      {"resources.ports", 4},
      {"resources.ports.http", 5},
      {"resources.ports.dns", 5},
      {"checks[0].type", 10},
      {"checks[1][2]", 12},
      {"checks[2].type", 13},
      {"files.etc/*.conf.mode", 16},
      // What is missing is told where it would stand.
      {"resources.memory.min", 3},
      {"checks[2].port", 13},
      {"checks[7]", 9},
      {"restart_policy", 1},
      {"check", 1},
  };
  for (const auto& row : rows) EXPECT_EQ(line_of_field(kText, row.field), row.line) << row.field;
  EXPECT_EQ(line_of_field("[\n{\"host\": 1},\n{}]", "[1].host"), 3);
}

TEST(ProblemLine, OfWhatIsNoJsonIsWhateverWasReadBefore) {
  const std::string deep(100'000, '[');
  for (const std::string& text : {std::string(), std::string("nonsense"), deep, std::string("{\"a\""),
                                  std::string("{\"a\":"), std::string("{\"a\":[,"), std::string("[\"\\"),
                                  std::string("{\"a\":}"), std::string("[}"), std::string("{,}")}) {
    EXPECT_LE(line_of_field(text, "a[0].b"), 1) << text.substr(0, 20);
  }
}

TEST(ProblemLine, IsReadOffAMessageThatBeginsWithIt) {
  EXPECT_EQ(line_in_message("line 3, column 7: unexpected"), 3);
  for (const char* other :
       {"", "line ", "line x, column 1", "line 3", "in line 3, column 7", "line -3, column 7"})
    EXPECT_EQ(line_in_message(other), 0) << other;
}

}  // namespace
}  // namespace maand
