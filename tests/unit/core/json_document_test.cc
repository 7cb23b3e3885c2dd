// workspace.md 0.6.
#include "reconciler/core/json_document.h"

#include <gtest/gtest.h>

#include "reconciler/core/json_fields.h"
#include "reconciler/core/text.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::told;
using Lines = std::vector<std::string>;

TEST(JsonDocument, KeepsOrderDuplicatesAndHowNumbersWereWritten) {
  Diagnostics diagnostics;
  const auto root =
      parse_json(R"({"b": 1, "a": [true, null, "x", -2], "b": 1.0, "c": 1e3, "d": 99999999999999999999})",
                 "f", diagnostics);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->members.size(), 5u);
  EXPECT_EQ(root->members[0].key, "b");
  EXPECT_EQ(root->members[0].value.kind, JsonValue::Kind::kInteger);
  EXPECT_EQ(root->members[1].value.items.size(), 4u);
  EXPECT_EQ(root->members[1].value.items[3].integer, -2);
  EXPECT_EQ(root->members[2].key, "b");
  EXPECT_EQ(root->members[2].value.kind, JsonValue::Kind::kFraction);
  EXPECT_EQ(root->members[3].value.kind, JsonValue::Kind::kFraction);
  EXPECT_EQ(root->members[4].value.kind, JsonValue::Kind::kFraction);
  EXPECT_TRUE(told(diagnostics).empty());
}

TEST(JsonDocument, ErrorsSayLineAndColumn) {
  const struct {
    std::string text;
    const char* start;  // of the message
  } kCases[] = {
      {"", "error line 1, column 1: unexpected end of input"},
      {"{\n  \"a\": 1,\n}", "error line 3, column 1: unexpected '}'"},
      {"{\"a\": 1} x", "error line 1, column 10: invalid literal"},
      {"{} {}", "error line 1, column 4: unexpected '{'"},
      {"// comment\n{}", "error line 1, column 1: invalid literal"},
      {"{\"a\": 'x'}", "error line 1, column 7: invalid literal"},
      {"\"\xff\"", "error line 1, column 2: invalid string: ill-formed UTF-8 byte"},
      {"1e999", "error line 1, column "},
      {"\xEF\xBB\xBF{}", "error starts with a byte order mark"},
      {std::string("{}\0{\"a\"", 7), "error line 1, column 3: holds a NUL byte"},
  };
  for (const auto& [text, start] : kCases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_json(text, "f", diagnostics)) << text;
    const Lines lines = told(diagnostics);
    ASSERT_EQ(lines.size(), 1u) << text;
    EXPECT_TRUE(lines[0].starts_with(start)) << lines[0];
    EXPECT_FALSE(diagnostics.all()[0].advice.empty());
  }
}

TEST(JsonDocument, ErrorsQuoteForeignBytesSafely) {
  for (const std::string& text :
       {std::string("[\"a\xff\"]"), std::string("\"\x1b[2J"), "\"" + std::string(1 << 20, 'a')}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_json(text, "f", diagnostics));
    const std::string& message = diagnostics.all().at(0).message;
    EXPECT_TRUE(is_utf8(message));
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    EXPECT_LT(message.size(), 300u);
  }
}

TEST(JsonDocument, NestingIsLimited) {
  for (const int depth : {kMaxJsonDepth, kMaxJsonDepth + 1, 3'000'000}) {
    std::string text(static_cast<std::size_t>(depth), '[');
    text += std::string(static_cast<std::size_t>(depth), ']');
    Diagnostics diagnostics;
    EXPECT_EQ(parse_json(text, "f", diagnostics).has_value(), depth <= kMaxJsonDepth);
    EXPECT_EQ(diagnostics.has_errors(), depth > kMaxJsonDepth);
  }
}

struct Read {
  std::string text = "default";
  std::int64_t number = -1;
  bool flag = false;
  Lines list = {"default"};
  Lines told;
};

Read read(const char* json, UnknownKeys unknown = UnknownKeys::kWarn) {
  Diagnostics diagnostics;
  Read out;
  const auto root = parse_json(json, "f", diagnostics);
  const JsonFields fields(*root, Site(diagnostics, "f"), {"text", "number", "flag", "list"}, unknown);
  fields.read("text", out.text);
  fields.read("number", out.number);
  fields.read("flag", out.flag);
  fields.read("list", out.list);
  out.told = told(diagnostics);
  return out;
}

TEST(JsonFields, KeysMatchInAnyCaseAndTheLastOneWins) {
  const Read out = read(
      R"({"Text": "a", "NUMBER": 1, "text": "b", "number": 2, "Number": 3, "flag": true, "list": ["x", null]})");
  EXPECT_EQ(out.text, "b");
  EXPECT_EQ(out.number, 3);
  EXPECT_TRUE(out.flag);
  EXPECT_EQ(out.list, (Lines{"x", ""}));
  EXPECT_EQ(out.told, Lines{});
}

TEST(JsonFields, NullLeavesTheDefaultAndTheValueBefore) {
  EXPECT_EQ(read(R"({"text": null})").text, "default");
  EXPECT_EQ(read(R"({"text": "a", "text": null})").text, "a");
  EXPECT_EQ(read("null").text, "default");
  EXPECT_EQ(read("null").told, Lines{});
}

TEST(JsonFields, WrongTypesAreErrors) {
  EXPECT_EQ(
      read(R"({"text": 512, "number": 1.0, "flag": "true", "list": "x"})").told,
      (Lines{"error text: must be text, not 512", "error number: must be a whole number, not 1.0",
             "error flag: must be true or false, not \"true\"", "error list: must be a list, not \"x\""}));
  EXPECT_EQ(read(R"({"list": ["a", 1, {}]})").told,
            (Lines{"error list[1]: must be text, not 1", "error list[2]: must be text, not an object"}));
  EXPECT_EQ(read("[]").told, Lines{"error must be an object, not a list"});
}

TEST(JsonFields, UnknownKeysAreNamed) {
  EXPECT_EQ(read(R"({"txt": 1})").told, Lines{"warning txt: is no known field and is ignored"});
  EXPECT_EQ(read(R"({"a\nb": 1})", UnknownKeys::kRefuse).told, Lines{"error a\\x0ab: is no known field"});
}

TEST(JsonFields, DuplicateObjectsMergeAsGoDoes) {
  Diagnostics diagnostics;
  const auto root = parse_json(R"({"o": {"a": 1, "b": 2}, "O": {"b": 3}})", "f", diagnostics);
  const JsonFields outer(*root, Site(diagnostics, "f"), {"o"});
  const auto members = map_members(*outer.object("o"));
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0]->value.integer, 1);
  EXPECT_EQ(members[1]->value.integer, 3);
}

}  // namespace
}  // namespace maand
