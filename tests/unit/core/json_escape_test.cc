// JSON that people print.
#include "reconciler/core/json_escape.h"

#include <gtest/gtest.h>

#include <string>

#include "reconciler/core/json_slices.h"

namespace maand {
namespace {

TEST(JsonEscape, WhatSteersATerminalIsEscapedAndNothingElse) {
  const struct {
    const char* given;
    const char* escaped;
  } rows[] = {
      {"", ""},
      {R"({"a":"b"})", R"({"a":"b"})"},
      {"\"\xc2\x9b\"", R"("\u009b")"},
      {"\"\xc2\x80x\xc2\x9f\"", R"("\u0080x\u009f")"},
      {"\"\x7f\"", R"("\u007f")"},
      {"\"\xc2\xa0\xc3\x9b\xe2\x82\xac\"", "\"\xc2\xa0\xc3\x9b\xe2\x82\xac\""},  // no-break space, Û, €
      {"\xc2", "\xc2"},
  };
  for (const auto& row : rows) EXPECT_EQ(escape_controls(row.given), row.escaped);
}

TEST(JsonEscape, EveryTextOfJsonIsSafe) {
  EXPECT_EQ(json_quote("a\xc2\x9b"
                       "31mred"),
            R"("a\u009b31mred")");
}

}  // namespace
}  // namespace maand
