#include "reconciler/core/workers_edit.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

const std::map<WorkerHost, WorkerFacts> kFacts = {{WorkerHost("a"), {2048, 4800}},
                                                  {WorkerHost("b"), {512, 1000}}};

TEST(WorkersEdit, ChangesAmountsAndLeavesTheRestAsItWasWritten) {
  const struct {
    const char* what;
    const char* before;
    const char* after;
  } rows[] = {
      {"other amounts", R"([{"host": "a", "memory": "1 gb", "cpu": "1 ghz"}])",
       R"([{"host": "a", "memory": "2048 mb", "cpu": "4800 mhz"}])"},
      {"the same amounts, written otherwise", R"([{"host": "a", "memory": "2 GB", "cpu": "4.8 ghz"}])",
       R"([{"host": "a", "memory": "2 GB", "cpu": "4.8 ghz"}])"},
      {"none", R"([{"host": "a"}])", R"([{"host": "a", "memory": "2048 mb", "cpu": "4800 mhz"}])"},
      {"one of them", R"([{"cpu": "4800", "host": "a"}])",
       R"([{"cpu": "4800", "host": "a", "memory": "2048 mb"}])"},
      {"null", R"([{"host": "a", "memory": null, "cpu": null}])",
       R"([{"host": "a", "memory": "2048 mb", "cpu": "4800 mhz"}])"},
      {"no blanks", R"([{"host":"a","labels":["x","y"]},{"host":"b"}])",
       R"([{"host":"a","labels":["x","y"],"memory":"2048 mb","cpu":"4800 mhz"},{"host":"b", "memory":"512 mb", "cpu":"1000 mhz"}])"},
      {"lines, unknown members and nesting",
       "[\n  {\n    \"host\": \"a\",\n    \"memory\" : \"1\",\n    \"x\": {\"memory\": \"9\", \"s\": "
       "\"}\\\"]\"}\n  },\n"
       "  {\n    \"host\": \"other\"\n  }\n]\n",
       "[\n  {\n    \"host\": \"a\",\n    \"memory\" : \"2048 mb\",\n    \"x\": {\"memory\": \"9\", \"s\": "
       "\"}\\\"]\"},\n    \"cpu\": \"4800 mhz\"\n  },\n  {\n    \"host\": \"other\"\n  }\n]\n"},
      {"tabs and carriage returns", "[\r\n\t{\r\n\t\t\"host\":\t\"a\"\r\n\t}\r\n]\r\n",
       "[\r\n\t{\r\n\t\t\"host\":\t\"a\",\r\n\t\t\"memory\":\t\"2048 mb\",\r\n\t\t\"cpu\":\t\"4800 "
       "mhz\"\r\n\t}\r\n]\r\n"},
      {"escapes in names", R"([{"\u0068ost": "\u0061", "m\u0065mory": "1"}])",
       R"([{"\u0068ost": "\u0061", "m\u0065mory": "2048 mb", "cpu": "4800 mhz"}])"},
      {"strangers alone", R"([ {"host": "x" , "n": 1.50} ])", R"([ {"host": "x" , "n": 1.50} ])"},
      {"nobody", "[]", "[]"},
  };
  for (const auto& row : rows) {
    const auto edited = with_facts(row.before, kFacts);
    ASSERT_TRUE(edited) << row.what;
    EXPECT_EQ(*edited, row.after) << row.what;
    EXPECT_EQ(with_facts(*edited, kFacts), edited) << row.what << ": a second time changes nothing";
  }
}

TEST(WorkersEdit, WhatItCannotFollowIsLeftAlone) {
  for (const char* text : {"", "{}", "[", "[{", "[{\"host\"", "[{\"host\": \"a\"", "[{\"host\": \"a\"}",
                           "[1]", "[{\"host\": \"a}]", "[{\"host\": \"a\",}]"}) {
    EXPECT_EQ(with_facts(text, kFacts), std::nullopt) << text;
  }
}

TEST(WorkersEdit, FactsAreWhatAWorkerTold) {
  const struct {
    const char* output;
    std::optional<WorkerFacts> facts;
    const char* problem;
  } rows[] = {
      {"memory_kb 2097152\ncpus 2\nmhz 2400.123\n", WorkerFacts{2048, 4800}, ""},
      {"memory_kb 2097153\ncpus 1\nmhz 999.9", WorkerFacts{2049, 999}, ""},
      {"noise\nmhz 1000\ncpus 4\nmemory_kb 1\n", WorkerFacts{1, 4000}, ""},
      {"cpus 2\nmhz 2400\n", std::nullopt, "it does not tell how much memory it has"},
      {"memory_kb 5\ncpus x\nmhz 2400\n", std::nullopt, "it does not tell how many processors it has"},
      {"memory_kb 5\ncpus 2\nmhz\n", std::nullopt, "it does not tell how fast its processors are"},
      {"memory_kb 5\ncpus 2\nmhz 0.5\n", std::nullopt, "it does not tell how fast its processors are"},
      {"memory_kb -5\ncpus 2\nmhz 3\n", std::nullopt, "it does not tell how much memory it has"},
  };
  for (const auto& row : rows) {
    std::string problem;
    EXPECT_EQ(parse_facts(row.output, problem), row.facts) << row.output;
    EXPECT_EQ(problem, row.problem) << row.output;
  }
}

}  // namespace
}  // namespace maand
