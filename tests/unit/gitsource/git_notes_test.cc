// Notes with local bare repositories, read and written by the real git as well.
#include "gitsource/git_notes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "gitsource/git_child.h"
#include "gitsource/git_source.h"
#include "tests/support/git_server.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

class GitNotesTest : public ::testing::Test {
 protected:
  GitOptions options(const std::string& name) {
    GitOptions out;
    out.url = server_.file_url();
    out.mirror = (server_.directory() / (name + ".git")).string();
    out.bucket_id = "id-" + name;
    out.bucket_name = name;
    out.transport_command = {MAAND_TEST_GIT_TRANSPORT};
    return out;
  }
  static NoteSection section(const std::string& commit, const std::string& name, const std::string& state) {
    return {CommitId(commit), "maand " + name + ": " + state + "\n",
            R"({"name": ")" + name + R"(", "state": ")" + state + "\"}"};
  }
  testing::GitServer server_;
};

TEST_F(GitNotesTest, RealGitShowsWhatWasPublishedIn238FanOutWithOneCommitAPass) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  const std::string two = server_.commit({{"a", "2"}}, "two");
  GitSource source(options("prod"));
  source.fetch();
  source.notes().publish({section(one, "prod", "superseded"), section(two, "prod", "applied")});
  EXPECT_EQ(server_.note(two),
            "maand prod: applied\n---\n{\"schema\": 1, \"buckets\": {\"id-prod\": {\"name\": \"prod\", "
            "\"state\": \"applied\"}}}");
  EXPECT_EQ(server_.git_bare({"rev-list", "--count", "refs/notes/maand"}), "1");
  const std::string paths = server_.git_bare({"ls-tree", "-r", "--name-only", "refs/notes/maand"});
  EXPECT_NE(paths.find(one.substr(0, 2) + "/" + one.substr(2)), std::string::npos) << paths;
  EXPECT_EQ(server_.git_bare({"log", "-1", "--format=%an <%ae>", "refs/notes/maand"}),
            "maand <maand@localhost>");
  EXPECT_NO_THROW(server_.git_bare({"fsck", "--strict"}));
}

TEST_F(GitNotesTest, PublishingTheSameAgainMakesNoCommit) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitSource source(options("prod"));
  source.fetch();
  source.notes().publish({section(one, "prod", "applied")});
  const std::string tip = server_.git_bare({"rev-parse", "refs/notes/maand"});
  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_EQ(server_.git_bare({"rev-parse", "refs/notes/maand"}), tip);
}

TEST_F(GitNotesTest, ALockThatWasLeftBehindIsNamed) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitSource source(options("prod"));
  source.fetch();
  source.notes().publish({section(one, "prod", "applied")});
  const std::string lock = server_.git_bare({"rev-parse", "--absolute-git-dir"}) + "/refs/notes/maand.lock";
  std::ofstream(lock) << "";
  const GitOptions prod = options("prod");
  GitChild child(prod);
  const GitPushed pushed = child.send(server_.file_url(), "refs/notes/maand", "refs/notes/maand",
                                      server_.git_bare({"rev-parse", "refs/notes/maand"}), -1);
  EXPECT_EQ(pushed.verdict, GitPushed::Verdict::kLost);
  EXPECT_NE(pushed.text.find("maand.lock"), std::string::npos) << pushed.text;
}

TEST_F(GitNotesTest, NotesOfPeopleAreKeptWhereverGitPutThem) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  server_.git_bare({"-c", "user.name=P", "-c", "user.email=p@x", "notes", "--ref=maand", "add", "-m",
                    "deployed by hand", one});
  ASSERT_EQ(server_.git_bare({"ls-tree", "--name-only", "refs/notes/maand"}), one) << "git wrote it flat";
  GitSource source(options("prod"));
  source.fetch();
  EXPECT_EQ(source.notes().read(CommitId(one)), "deployed by hand\n");
  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_TRUE(server_.note(one)->starts_with("deployed by hand\nmaand prod: applied\n---\n"));
  EXPECT_EQ(server_.git_bare({"ls-tree", "-r", "--name-only", "refs/notes/maand"}),
            one.substr(0, 2) + "/" + one.substr(2))
      << "the flat one has moved, it is not there twice";
  server_.git_bare({"notes", "--ref=maand", "append", "-m", "seen by Ann", one});
  source.notes().publish({section(one, "prod", "degraded")});
  EXPECT_TRUE(server_.note(one)->starts_with("deployed by hand\nseen by Ann\nmaand prod: degraded\n---\n") ||
              server_.note(one)->starts_with("seen by Ann\ndeployed by hand\nmaand prod: degraded\n---\n"))
      << *server_.note(one);
}

TEST_F(GitNotesTest, DeeperAndMixedFanOutsAreRead) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  const fs::path text = server_.directory() / "text";
  testing::write_file(text, "deep\n");
  const std::string blob = server_.git_bare({"hash-object", "-w", text.string()});
  const fs::path index = server_.directory() / "index";
  for (const std::string& path : {one.substr(0, 2) + "/" + one.substr(2, 2) + "/" + one.substr(4), one}) {
    testing::run_program({"env", "GIT_INDEX_FILE=" + index.string(), "git", "-C", server_.bare().string(),
                          "update-index", "--add", "--cacheinfo", "100644," + blob + "," + path});
  }
  std::string tree = testing::run_program(
      {"env", "GIT_INDEX_FILE=" + index.string(), "git", "-C", server_.bare().string(), "write-tree"});
  tree.pop_back();
  const std::string commit = server_.git_bare({"commit-tree", "-m", "mixed", tree});
  server_.git_bare({"update-ref", "refs/notes/maand", commit});
  GitSource source(options("prod"));
  source.fetch();
  EXPECT_EQ(source.notes().read(CommitId(one)), "deep\ndeep\n")
      << "joined, as git shows a note that is there twice";
  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_EQ(server_.git_bare({"ls-tree", "-r", "--name-only", "refs/notes/maand"}),
            one.substr(0, 2) + "/" + one.substr(2));
  EXPECT_TRUE(server_.note(one)->starts_with("deep\ndeep\nmaand prod: applied\n---\n"));
}

TEST_F(GitNotesTest, NotPushedNotesStayInTheMirror) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitOptions here = options("prod");
  here.push_notes = false;
  GitSource source(here);
  source.fetch();
  source.notes().publish({section(one, "prod", "applied")});
  source.fetch();
  EXPECT_TRUE(source.notes().read(CommitId(one)));
  EXPECT_EQ(server_.note(one), std::nullopt);
}

TEST_F(GitNotesTest, NotesMayLiveInAnotherRepository) {
  testing::GitServer elsewhere;
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitOptions there = options("prod");
  there.notes_url = elsewhere.file_url();
  GitSource source(there);
  source.fetch();
  source.notes().publish({section(one, "prod", "pending")});
  source.fetch();
  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_EQ(server_.note(one), std::nullopt);
  EXPECT_TRUE(elsewhere.note(one)->starts_with("maand prod: applied\n"));
  EXPECT_FALSE(source.ls_remote().repository_empty);
}

TEST_F(GitNotesTest, ANotesRefDeletedOnTheRemoteIsWrittenAnew) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitSource source(options("prod"));
  source.fetch();
  source.notes().publish({section(one, "prod", "pending")});
  server_.git_bare({"update-ref", "-d", "refs/notes/maand"});
  source.notes().publish({section(one, "prod", "applied")});
  EXPECT_TRUE(server_.note(one)->starts_with("maand prod: applied\n"));
}

TEST_F(GitNotesTest, ManyPublishesAreRepackedAndNothingIsLost) {
  const std::string one = server_.commit({{"a", "1"}}, "one");
  GitSource source(options("prod"));
  source.fetch();
  const GitOptions settings = options("prod");
  GitMirror mirror(settings.mirror, settings.branch_ref());
  GitChild child(settings);
  const CommitId head = source.fetch();
  for (int i = 0; i < 20; ++i) source.notes().publish({section(one, "prod", "pass " + std::to_string(i))});
  const auto loose = [&] { return testing::run_program({"git", "-C", settings.mirror, "count-objects"}); };
  ASSERT_FALSE(loose().starts_with("0 objects"));
  {
    const GitMirror::Lock lock = mirror.lock(std::chrono::seconds(5));
    child.repack(lock.fd());
  }
  EXPECT_TRUE(loose().starts_with("0 objects")) << loose();
  EXPECT_NO_THROW(testing::run_program({"git", "-C", settings.mirror, "fsck", "--strict"}));
  EXPECT_EQ(source.open_view(head)->read("a"), "1");
  EXPECT_TRUE(source.notes().read(CommitId(one))->starts_with("maand prod: pass 19"));
  source.notes().publish({section(one, "prod", "after")});
  EXPECT_TRUE(server_.note(one)->starts_with("maand prod: after"));
}

}  // namespace
}  // namespace maand
