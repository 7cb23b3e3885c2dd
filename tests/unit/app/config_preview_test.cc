// `git.preview_refs` and the limits of previews.
#include <gtest/gtest.h>

#include "reconciler/app/config.h"

namespace maand {
namespace {

LoadedConfig parse(const std::string& text) { return parse_config(text, "maand.conf", {}); }

TEST(ConfigPreviews, AreReadWithTheirLimits) {
  const LoadedConfig none = parse("");
  EXPECT_TRUE(none.config.git.preview_refs.empty());
  EXPECT_EQ(none.config.preview_timeout, std::chrono::seconds(30));
  EXPECT_EQ(none.config.max_previews, 20);
  const LoadedConfig some = parse(
      "[git]\npreview_refs = [\"refs/pull/*/head\", \"refs/heads/review-*\"]\n[limits]\npreview_timeout = "
      "\"5s\"\npreview_memory = \"512MiB\"\npreview_bytes = \"2MiB\"\npreviews = 3\n");
  EXPECT_FALSE(some.diagnostics.has_errors());
  EXPECT_EQ(some.config.git.preview_refs,
            (std::vector<std::string>{"refs/pull/*/head", "refs/heads/review-*"}));
  EXPECT_EQ(some.config.preview_timeout, std::chrono::seconds(5));
  EXPECT_EQ(some.config.max_preview_memory, 512u << 20);
  EXPECT_EQ(some.config.max_preview_bytes, 2u << 20);
  EXPECT_EQ(some.config.max_previews, 3);
}

TEST(ConfigPreviews, WhatIsNoPatternOrTakesInOurOwnIsRefused) {
  struct Row {
    const char* text;
    const char* says;
  };
  for (const Row& row :
       {Row{"[git]\npreview_refs = \"refs/pull/*\"", "a list of refs"},
        Row{"[git]\npreview_refs = [\"pull/*/head\"]", "begins with `refs/`"},
        Row{"[git]\npreview_refs = [\"refs/heads/*\"]", "our own branch"},
        Row{"[git]\nbranch = \"r/1\"\npreview_refs = [\"refs/heads/r/*\"]", "our own branch"},
        Row{"[git]\npreview_refs = [\"refs/notes/*\"]", "refs/notes/"},
        Row{"[limits]\npreview_timeout = \"1h\"", "10 min"},
        Row{"[limits]\npreview_memory = \"1MiB\"", "256MiB"}, Row{"[limits]\npreview_bytes = 10", "1MiB"},
        Row{"[limits]\npreviews = 0", "1 to 500"}}) {
    const LoadedConfig loaded = parse(row.text);
    ASSERT_TRUE(loaded.diagnostics.has_errors()) << row.text;
    EXPECT_NE(to_string(loaded.diagnostics.all()[0]).find(row.says), std::string::npos)
        << row.text << ": " << to_string(loaded.diagnostics.all()[0]);
  }
}

}  // namespace
}  // namespace maand
