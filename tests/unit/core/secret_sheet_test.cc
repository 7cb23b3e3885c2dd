// What an editor is given, and what comes back from it.
#include "reconciler/core/secret_sheet.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using Values = std::map<std::string, std::string>;

TEST(SecretSheet, EveryTextComesBackAsItWas) {
  for (const std::string value :
       {"plain", " blanks around ", "two\nlines\n", "a 'quote' and a \"quote\"", "back\\slash", "ends in '",
        "two\nlines that end in '", "'''\nthree", "tab\there", "\r\nwindows\r\n", "bell\a", "caf\xc3\xa9",
        "-----BEGIN KEY-----\nMII\n-----END KEY-----\n", "{\"json\": [1, 2]}\n", "# no comment", "= [a]",
        "\n", "\x7f"}) {
    ASSERT_TRUE(is_sheet_text(value));
    SecretSheet sheet;
    sheet.values = {{"key", value}, {"with.dot", value}};
    Diagnostics found;
    const auto back = parse_sheet(sheet_text({"About it."}, sheet), "secrets", found);
    ASSERT_TRUE(back) << value << to_string(found.all().at(0));
    EXPECT_EQ(*back, sheet.values);
    EXPECT_TRUE(changes_of(sheet, *back).none()) << value;
  }
  EXPECT_FALSE(is_sheet_text("\xff"));
  EXPECT_FALSE(is_sheet_text(std::string("a\0b", 3)));
}

TEST(SecretSheet, OnlyWhatSomebodyChangedChanges) {
  SecretSheet before;
  before.values = {{"a", "1"}, {"b", "2"}};
  before.hidden = {"h"};
  const struct {
    const char* what;
    Values after;
    Values set;
    std::vector<std::string> removed;
  } table[] = {
      {"nothing", {{"a", "1"}, {"b", "2"}}, {}, {}},
      {"another value", {{"a", "1"}, {"b", "3"}}, {{"b", "3"}}, {}},
      {"a new one", {{"a", "1"}, {"b", "2"}, {"c", "4"}}, {{"c", "4"}}, {}},
      {"one less", {{"b", "2"}}, {}, {"a"}},
      {"all less: what was hidden stays", {}, {}, {"a", "b"}},
      {"a hidden one is written down", {{"a", "1"}, {"b", "2"}, {"h", "5"}}, {{"h", "5"}}, {}},
  };
  for (const auto& row : table) {
    const SheetChanges changes = changes_of(before, row.after);
    EXPECT_EQ(changes.set, row.set) << row.what;
    EXPECT_EQ(changes.removed, row.removed) << row.what;
  }
}

TEST(SecretSheet, WhatCannotBeASecretIsTold) {
  for (const char* text : {"a = ", "a = 7", "a = \"\"", "\"a b\" = \"x\"", "a = \"x\"\na = \"y\""}) {
    Diagnostics found;
    EXPECT_FALSE(parse_sheet(text, "secrets", found)) << text;
    EXPECT_TRUE(found.has_errors()) << text;
  }
  const std::string large = "a = \"" + std::string(70'000, 'x') + "\"";
  Diagnostics found;
  EXPECT_FALSE(parse_sheet(large, "secrets", found));
}

}  // namespace
}  // namespace maand
