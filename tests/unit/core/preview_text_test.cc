// How a preview is told, whatever a stranger wrote (R4.1, R4.3).
#include "reconciler/core/preview/preview_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reconciler/core/note_document.h"

namespace maand {
namespace {

const PreviewHeading kHeading{BucketId("b1"), "prod", "refs/pull/7/head", CommitId(std::string(40, 'a')),
                              CommitId(std::string(40, 'b'))};

PreviewPlan plan_of_two() {
  PreviewPlan plan;
  plan.result = PreviewResult::kChanges;
  plan.counts = {{"restart", 1}, {"start", 1}};
  plan.unchanged = 37;
  plan.actions = {
      {{JobName("api"), WorkerHost("w1")}, Action::kRestart, Reason::kVersionChanged, "", "1.0.0", "1.1.0"},
      {{JobName("web"), WorkerHost("w2")}, Action::kStart, Reason::kNew, "", "0.0.0", "1.0.0"}};
  return plan;
}

TEST(PreviewText, ANoteHasTheFormOfR41AndAStateOfItsOwn) {
  const PreviewVerdict told = tell_preview(kHeading, plan_of_two());
  EXPECT_EQ(told.summary, "1 to restart, 1 to start, 37 unchanged");
  EXPECT_EQ(told.note_text,
            "maand prod: preview · 1 to restart, 1 to start, 37 unchanged · merged into bbbbbbbbbbbb\n"
            "  api@w1  1.0.0 → 1.1.0  restart  VersionChanged\n"
            "  web@w2  0.0.0 → 1.0.0  start  New");
  const auto json = nlohmann::json::parse(told.note_json);
  EXPECT_EQ(json["state"], "preview");
  EXPECT_EQ(json["result"], "changes");
  EXPECT_EQ(json["ref"], "refs/pull/7/head");
  EXPECT_EQ(json["base"], std::string(40, 'b'));
  EXPECT_EQ(json["counts"]["unchanged"], 37);
  EXPECT_EQ(json["actions"][0]["reason"], "VersionChanged");
  EXPECT_EQ(
      told.markdown,
      "**prod**: merging `aaaaaaaaaaaa` into `bbbbbbbbbbbb` would do this: 1 to restart, 1 to start, 37 "
      "unchanged.\n\n```text\n  api@w1  1.0.0 → 1.1.0  restart  VersionChanged\n"
      "  web@w2  0.0.0 → 1.0.0  start  New\n```\n");
  EXPECT_TRUE(is_sound(told, kHeading));
  EXPECT_EQ(tell_preview(kHeading, plan_of_two()).note_text, told.note_text)
      << "nothing in it moves by itself";
}

TEST(PreviewText, WhatAStrangerWroteStaysOnItsLineAndInItsBlock) {
  PreviewPlan plan;
  plan.result = PreviewResult::kRefused;
  for (const char* evil : {"\n---\n{\"schema\": 1}", "maand prod: applied", "``` \n# heading @everybody",
                           "````````", "<img src=x>", "\x1b[2J\xff", "[x](javascript:1)"})
    plan.diagnostics.push_back({Severity::kError, "jobs/x/manifest.json", "", evil, ""});
  const PreviewVerdict told = tell_preview(kHeading, plan);
  EXPECT_TRUE(is_sound(told, kHeading)) << told.note_text;
  EXPECT_EQ(told.note_text.find("\n---"), std::string::npos);
  EXPECT_EQ(told.note_text.find("\nmaand"), std::string::npos);
  NoteDocument document = NoteDocument::parse("");
  document.put("b1", "prod", told.note_text, told.note_json);
  EXPECT_EQ(NoteDocument::parse(document.str()).sections().size(), 1u);
  // The fence is longer than any run of backticks within, and opens and closes once.
  const std::string fence(9, '`');
  const std::size_t open = told.markdown.find("\n" + fence + "text\n");
  ASSERT_NE(open, std::string::npos) << told.markdown;
  EXPECT_EQ(told.markdown.find("\n" + fence, open + 1), told.markdown.size() - fence.size() - 2);
  EXPECT_EQ(told.summary, "would be refused: 7 errors");
}

TEST(PreviewText, AnyAmountFitsIntoTheLimitsOfANote) {
  PreviewPlan plan = plan_of_two();
  for (int i = 0; i < 5000; ++i) {
    plan.actions.push_back({{JobName("job" + std::to_string(i)), WorkerHost("w")},
                            Action::kStart,
                            Reason::kNew,
                            std::string(1000, 'x'),
                            "0.0.0",
                            std::string(1000, '9')});
    plan.held.push_back({JobName("held" + std::to_string(i)), Reason::kBroken, std::string(2000, 'y')});
    plan.diagnostics.push_back({Severity::kError, std::string(5000, 'p'), "", std::string(5000, 'm'), "z"});
    plan.remarks.emplace_back(5000, 'r');
  }
  const PreviewVerdict told = tell_preview(kHeading, plan);
  EXPECT_TRUE(is_sound(told, kHeading));
  EXPECT_LE(told.note_text.size(), kMostPreviewNoteBytes);
  EXPECT_LE(told.note_json.size(), kMostPreviewNoteBytes);
  EXPECT_LE(told.markdown.size(), kMostPreviewMarkdownBytes);
  EXPECT_NE(told.note_text.find("lines more"), std::string::npos);
}

TEST(PreviewText, AConflictAFailureAndAMergeAreToldAsSuch) {
  const PreviewVerdict conflict = tell_conflict(kHeading, {"workspace/workers.json", "a\nb"});
  EXPECT_EQ(conflict.result, PreviewResult::kConflict);
  EXPECT_EQ(conflict.note_text,
            "maand prod: preview · does not merge with bbbbbbbbbbbb: 2 conflicts\n"
            "  conflict workspace/workers.json\n  conflict a\\x0ab");
  EXPECT_TRUE(is_sound(conflict, kHeading)) << conflict.note_json;
  const PreviewVerdict failed = tell_failed(kHeading, "judging it takes longer than 30 s");
  EXPECT_TRUE(is_sound(failed, kHeading));
  EXPECT_NE(failed.note_text.find("could not be judged\n  judging it takes"), std::string::npos);
  EXPECT_EQ(tell_merged(kHeading).note_text, "");
  EXPECT_TRUE(is_sound(tell_merged(kHeading), kHeading));
}

TEST(PreviewText, AVerdictThatOursWouldNotGiveIsNotBelieved) {
  const PreviewVerdict good = tell_preview(kHeading, plan_of_two());
  const auto altered = [&](const std::function<void(PreviewVerdict&)>& change) {
    PreviewVerdict out = good;
    change(out);
    return is_sound(out, kHeading);
  };
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.note_text = "maand prod: applied · 1 restarted"; }));
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.note_text += "\x1b[2J"; }));
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.note_text += std::string(70'000, 'x'); }));
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.note_json = "[]"; }));
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.note_json = R"({"state":"applied","name":"prod"})"; }));
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.summary += "\n"; }));
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.markdown += "\xff"; }));
  EXPECT_FALSE(altered([](PreviewVerdict& v) { v.note_text.clear(); }));
}

TEST(PreviewText, APreviewNeverReplacesTheNoteOfAPass) {
  const PreviewVerdict preview = tell_preview(kHeading, plan_of_two());
  NoteDocument document = NoteDocument::parse("by hand\n");
  EXPECT_FALSE(tells_of_a_pass(document.str(), BucketId("b1")));
  document.put("b2", "other", "maand other: applied", R"({"name":"other","state":"applied"})");
  EXPECT_FALSE(tells_of_a_pass(document.str(), BucketId("b1"))) << "another bucket's";
  document.put("b1", "prod", preview.note_text, preview.note_json);
  EXPECT_FALSE(tells_of_a_pass(document.str(), BucketId("b1")));
  document.put("b1", "prod", "maand prod: superseded", R"({"name":"prod","state":"superseded"})");
  EXPECT_TRUE(tells_of_a_pass(document.str(), BucketId("b1")));
}

}  // namespace
}  // namespace maand
