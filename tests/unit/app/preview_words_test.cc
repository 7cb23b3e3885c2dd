// What previews come to, as letters to a git host.
#include "reconciler/app/preview_words.h"

#include <gtest/gtest.h>

#include "reconciler/core/forge/channel.h"
#include "tests/support/fake_courier.h"
#include "tests/support/fake_store.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

const CommitId kCommit("0123456789abcdef0123456789abcdef01234567");

class PreviewWordsTest : public ::testing::Test {
 protected:
  PreviewWordsTest() { start(ForgeProvider::kGithub); }
  // A daemon that is started, with what the store has kept.
  void start(ForgeProvider provider, bool comments = true) {
    words.reset();
    outbox.reset();
    const Outbox::Channels channels = {std::make_shared<ForgeChannel>(
        ForgeRepository{provider, "https://api.example.com", "acme/fleet"}, [] { return "token"; })};
    outbox =
        std::make_unique<Outbox>(Outbox::Deps{inbox, store, courier, clock, observer}, channels, nullptr);
    words = std::make_unique<PreviewWords>(
        PreviewWords::Deps{*outbox, store, clock},
        PreviewWordsSettings{provider, BucketId("bucket"), "maand/prod/preview", "", comments});
  }
  void preview(const std::string& ref, PreviewResult result, const std::string& summary,
               const std::string& markdown = "# Plan") {
    words->previewed({ref, kCommit, CommitId("b"), result, summary, markdown});
  }
  // `status held words` and `comment 7`, in the order they wait in, and none of them waits any longer.
  std::vector<std::string> letters() {
    std::vector<std::string> out;
    for (const Letter& letter : store.pending_letters()) {
      const auto what = read_letter(letter.json);
      if (const auto* status = std::get_if<ForgeStatus>(&*what)) {
        out.push_back(std::string("status ") + to_string(status->state) + " " + status->description);
      } else {
        out.push_back("comment " + std::to_string(std::get<ForgeComment>(*what).change));
      }
      store.drop_letter(letter.id);
    }
    return out;
  }
  using Letters = std::vector<std::string>;

  Inbox inbox;
  FakeStore store;
  FakeCourier courier;
  SystemClock clock;
  RecordingObserver observer;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<PreviewWords> words;
};

TEST_F(PreviewWordsTest, ARequestGetsAStatusAndAComment) {
  const struct {
    PreviewResult result;
    const char* state;
  } table[] = {
      {PreviewResult::kNothing, "applied"}, {PreviewResult::kChanges, "applied"},
      {PreviewResult::kHeld, "held"},       {PreviewResult::kRefused, "refused"},
      {PreviewResult::kConflict, "held"},   {PreviewResult::kFailed, "held"},
  };
  int number = 0;
  for (const auto& row : table) {
    const std::string id = std::to_string(++number);
    preview("refs/pull/" + id + "/head", row.result, "words", "# Plan " + id);
    EXPECT_EQ(letters(), (Letters{std::string("status ") + row.state + " words", "comment " + id}));
  }
  preview("refs/pull/9/head", PreviewResult::kMerged, "merged");
  EXPECT_EQ(letters(), Letters{}) << "its own rollout speaks now";
}

TEST_F(PreviewWordsTest, WhatSaysTheSameIsNotToldAgainNotEvenByAnotherDaemon) {
  preview("refs/pull/7/head", PreviewResult::kChanges, "2 to restart");
  EXPECT_EQ(letters().size(), 2u);
  start(ForgeProvider::kGithub);
  preview("refs/pull/7/head", PreviewResult::kChanges, "2 to restart");
  EXPECT_EQ(letters(), Letters{});
  preview("refs/pull/7/head", PreviewResult::kChanges, "2 to restart", "# Other files");
  EXPECT_EQ(letters(), Letters{"comment 7"});
  preview("refs/pull/7/head", PreviewResult::kHeld, "2 to restart", "# Other files");
  EXPECT_EQ(letters(), Letters{"status held 2 to restart"});
}

TEST_F(PreviewWordsTest, WhereNoCommentCanBeOrIsWantedThereIsTheStatus) {
  preview("refs/heads/topic", PreviewResult::kChanges, "a");
  EXPECT_EQ(letters(), Letters{"status applied a"});
  start(ForgeProvider::kBitbucket);
  preview("refs/pull/7/head", PreviewResult::kChanges, "b");
  EXPECT_EQ(letters(), Letters{"status applied b"});
  start(ForgeProvider::kGithub, false);
  preview("refs/pull/7/head", PreviewResult::kChanges, "c");
  EXPECT_EQ(letters(), Letters{"status applied c"});
}

}  // namespace
}  // namespace maand::testing
