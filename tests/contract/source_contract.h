// What every Source, with its Blobs and Notes, promises. The suite runs over the
// fake and over the real one; a world makes commits on the remote side.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/core/ports.h"

namespace maand::testing {

class SourceWorld {
 public:
  virtual ~SourceWorld() = default;
  // The whole content of a commit on top of the remote's head.
  virtual CommitId commit(const std::map<std::string, std::string>& files, const std::string& message) = 0;
  // The same on top of `parent`, forced; an empty parent begins a new history.
  virtual CommitId rewrite(const CommitId& parent, const std::map<std::string, std::string>& files,
                           const std::string& message) = 0;
  virtual void remove_branch() = 0;  // another ref stays
  virtual void damage_mirror() = 0;
  virtual Source& source() = 0;
  virtual Blobs& blobs() = 0;
  virtual Notes& notes() = 0;        // of bucket b1, named prod
  virtual Notes& other_notes() = 0;  // of bucket b2, named staging, with the same remote
};

using MakeSourceWorld = std::function<std::unique_ptr<SourceWorld>()>;

class SourceContract : public ::testing::TestWithParam<std::pair<const char*, MakeSourceWorld>> {
 protected:
  void SetUp() override { world_ = GetParam().second(); }
  SourceWorld& world() { return *world_; }
  Source& source() { return world_->source(); }
  CommitId fetched(const std::map<std::string, std::string>& files, const std::string& message = "m") {
    const CommitId id = world_->commit(files, message);
    EXPECT_EQ(source().fetch(), id);
    return id;
  }

 private:
  std::unique_ptr<SourceWorld> world_;
};

template <class F>
std::optional<SourceProblem> problem_of(const F& call) {
  try {
    call();
  } catch (const SourceError& error) {
    EXPECT_GT(std::string(error.what()).size(), 10u);
    return error.problem();
  }
  return std::nullopt;
}

TEST_P(SourceContract, AnEmptyRepositoryIsNotAMissingBranch) {
  const RemoteHead empty = source().ls_remote();
  EXPECT_TRUE(empty.repository_empty);
  EXPECT_TRUE(empty.commit.empty());
  const CommitId id = world().commit({{"a", "1"}}, "first");
  const RemoteHead there = source().ls_remote();
  EXPECT_FALSE(there.repository_empty);
  EXPECT_EQ(there.commit, id);
  world().remove_branch();
  const RemoteHead missing = source().ls_remote();
  EXPECT_FALSE(missing.repository_empty);
  EXPECT_TRUE(missing.commit.empty());
  EXPECT_EQ(problem_of([&] { source().fetch(); }), SourceProblem::kNotFound);
}

TEST_P(SourceContract, AViewShowsTheFilesOfItsCommitAndOfNoOther) {
  const CommitId one =
      fetched({{"jobs/api/Makefile", "start:\n"}, {"jobs/api.txt", "x"}, {"workers.json", "[]"}});
  const CommitId two = fetched({{"jobs/db/Makefile", "start:\n"}});
  const auto view = source().open_view(one);
  EXPECT_EQ(view->read("workers.json"), "[]");
  EXPECT_EQ(view->read("jobs"), std::nullopt);
  EXPECT_EQ(view->read("nope"), std::nullopt);
  EXPECT_EQ(view->read("jobs/../workers.json"), std::nullopt);
  const auto files = view->list("jobs");
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ((*files)[0].path, "jobs/api.txt");
  EXPECT_EQ((*files)[1].path, "jobs/api/Makefile");
  EXPECT_EQ((*files)[1].size_bytes, 7u);
  EXPECT_EQ(*world().blobs().read((*files)[1].blob), "start:\n");
  EXPECT_FALSE(view->list("nope"));
  EXPECT_EQ(view->subdirectories("jobs"), std::vector<std::string>{"api"});
  EXPECT_TRUE(view->subdirectories("nope").empty());
  EXPECT_TRUE(view->tree("nope").empty());
  EXPECT_EQ(view->tree("jobs/api"), source().open_view(two)->tree("jobs/db")) << "same content, same tree";
}

TEST_P(SourceContract, AnEmptyMirrorIsOneThatIsToBeFilled) {
  const CommitId id = world().commit({{"a", "1"}}, "m");
  EXPECT_EQ(problem_of([&] { source().open_view(id); }), SourceProblem::kMirrorBroken);
}

TEST_P(SourceContract, ACommitThatWasNotFetchedIsNotFound) {
  fetched({{"a", "1"}});
  const CommitId later = world().commit({{"a", "2"}}, "later");
  EXPECT_EQ(problem_of([&] { source().open_view(later); }), SourceProblem::kNotFound);
  EXPECT_EQ(problem_of([&] { source().describe(later); }), SourceProblem::kNotFound);
  EXPECT_EQ(problem_of([&] { source().keep("api", later); }), SourceProblem::kNotFound);
}

TEST_P(SourceContract, HistoryTellsFirstUnchangedFastForwardAndRewritten) {
  const CommitId one = fetched({{"a", "1"}});
  const CommitId two = fetched({{"a", "2"}});
  EXPECT_EQ(source().history(CommitId(), two), HistoryVerdict::kFirst);
  EXPECT_EQ(source().history(two, two), HistoryVerdict::kUnchanged);
  EXPECT_EQ(source().history(one, two), HistoryVerdict::kFastForward);
  EXPECT_EQ(source().history(two, one), HistoryVerdict::kRewritten) << "an ancestor";
  const CommitId other = world().rewrite(one, {{"a", "3"}}, "other");
  EXPECT_EQ(source().fetch(), other);
  EXPECT_EQ(source().history(two, other), HistoryVerdict::kRewritten);
  const CommitId unknown(std::string(40, 'a'));
  EXPECT_EQ(source().history(unknown, other), HistoryVerdict::kRewritten);
}

TEST_P(SourceContract, AForcePushedCommitStaysReadable) {
  const CommitId old = fetched({{"a", "old"}});
  source().keep("api", old);
  const CommitId fresh = world().rewrite(CommitId(), {{"a", "new"}}, "new history");
  EXPECT_EQ(source().fetch(), fresh);
  EXPECT_EQ(source().open_view(old)->read("a"), "old");
  EXPECT_EQ(source().open_view(fresh)->read("a"), "new");
}

TEST_P(SourceContract, MessagesAreThoseOfTheRangeNewestFirst) {
  const CommitId one = fetched({{"a", "1"}}, "one");
  world().commit({{"a", "2"}}, "two\n\nMaand-Allow-Removals: yes");
  const CommitId three = fetched({{"a", "3"}}, "three");
  const auto messages = source().messages(one, three);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_TRUE(messages[0].starts_with("three"));
  EXPECT_NE(messages[1].find("Maand-Allow-Removals: yes"), std::string::npos);
  EXPECT_TRUE(source().messages(three, three).empty());
  EXPECT_TRUE(source().messages(three, one).empty());
  EXPECT_EQ(source().messages(CommitId(), three).size(), 1u) << "without a begin only the head counts";
}

TEST_P(SourceContract, RevisionsAreResolvedInTheMirror) {
  EXPECT_EQ(source().resolve("HEAD"), std::nullopt);
  const CommitId id = fetched({{"a", "1"}}, "subject\n\nbody");
  EXPECT_EQ(source().resolve("HEAD"), id);
  EXPECT_EQ(source().resolve("main"), id);
  EXPECT_EQ(source().resolve(id.str().substr(0, 10)), id);
  EXPECT_EQ(source().resolve(id.str()), id);
  EXPECT_EQ(source().resolve("nothing-like-it"), std::nullopt);
  const CommitInfo info = source().describe(id);
  EXPECT_EQ(info.subject, "subject");
  EXPECT_EQ(info.author, "Test <test@example.org>");
  EXPECT_GT(info.committed_at.time_since_epoch().count(), 0);
}

TEST_P(SourceContract, KeptCommitsMayBeDroppedTwice) {
  const CommitId id = fetched({{"a", "1"}});
  source().keep("api", id);
  source().keep("api", id);
  source().keep("api", CommitId());
  source().keep("api", CommitId());
  EXPECT_EQ(problem_of([&] { source().keep("", id); }), SourceProblem::kOther);
}

TEST_P(SourceContract, ADamagedMirrorSaysSoAndIsWholeAfterTheNextLook) {
  const CommitId id = fetched({{"a", "1"}});
  world().damage_mirror();
  EXPECT_EQ(problem_of([&] { source().open_view(id)->read("a"); }), SourceProblem::kMirrorBroken);
  EXPECT_EQ(source().ls_remote().commit, id);
  EXPECT_EQ(source().open_view(id)->read("a"), "1");
}

TEST_P(SourceContract, ANoteHoldsEveryBucketsNewestPart) {
  const CommitId id = fetched({{"a", "1"}});
  EXPECT_EQ(world().notes().read(id), std::nullopt);
  world().notes().publish({});
  world().notes().publish({{id, "maand prod: pending\n", R"({"name": "prod", "state": "pending"})"}});
  world().other_notes().publish({{id, "maand staging: held\n", R"({"name": "staging", "state": "held"})"}});
  world().notes().publish({{id, "maand prod: applied\n", R"({"name": "prod", "state": "applied"})"}});
  EXPECT_EQ(world().notes().read(id),
            "maand prod: applied\nmaand staging: held\n---\n{\"schema\": 1, \"buckets\": {\"b1\": {\"name\": "
            "\"prod\", "
            "\"state\": \"applied\"}, \"b2\": {\"name\": \"staging\", \"state\": \"held\"}}}\n");
}

TEST_P(SourceContract, OnePublishMayCarrySeveralCommits) {
  const CommitId one = fetched({{"a", "1"}});
  const CommitId two = fetched({{"a", "2"}});
  world().notes().publish({{one, "maand prod: superseded\n", R"({"name": "prod"})"},
                           {two, "maand prod: pending\n", R"({"name": "prod"})"},
                           {two, "maand prod: applied\n", R"({"name": "prod"})"}});
  EXPECT_TRUE(world().notes().read(one)->starts_with("maand prod: superseded\n---\n"));
  EXPECT_TRUE(world().notes().read(two)->starts_with("maand prod: applied\n---\n"));
}

}  // namespace maand::testing
