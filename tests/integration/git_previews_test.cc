// Refs of previews against real servers: listed with the branch, fetched beside the
// mirror, merged in memory.
#include "gitsource/git_previews.h"

#include "gitsource/preview_merge.h"
#include "tests/integration/git_remote_kit.h"

namespace maand {
namespace {

struct Kind {
  const char* name;
  GitOptions (*options)(GitServer&, const std::string&);
};

class GitPreviewRefs : public ::testing::TestWithParam<Kind> {
 protected:
  GitOptions options() {
    GitOptions out = GetParam().options(server_, "prod");
    out.preview_refs = {"refs/pull/*/head"};
    return out;
  }
  GitPreviewOptions previews() {
    return {(server_.directory() / "previews.git").string(), 8u << 20, 32u << 20, std::chrono::seconds(60)};
  }
  // A commit on top of `parent` that only `ref` names.
  std::string propose(const std::string& ref, const std::string& parent, const testing::GitChanges& changes) {
    server_.git({"checkout", "-q", "--detach", parent});
    for (const auto& [path, content] : changes) {
      fs::create_directories((server_.work() / path).parent_path());
      testing::write_file(server_.work() / path, *content);
    }
    server_.git({"add", "-A"});
    server_.git({"commit", "-q", "-m", "proposed"});
    const std::string id = server_.git({"rev-parse", "HEAD"});
    server_.git({"push", "-q", "-f", "origin", id + ":" + ref});
    server_.git({"checkout", "-q", "main"});
    return id;
  }
  std::string read(FileView& view, const std::string& path) { return view.read(path).value_or("(none)"); }

  GitServer server_;
};

TEST_P(GitPreviewRefs, AreListedWithTheBranchAndFetchedBesideTheMirror) {
  const std::string base = server_.commit({{"a", "1"}, {"b", "1"}}, "base");
  const std::string seven = propose("refs/pull/7/head", base, {{"a", "2"}});
  propose("refs/pull/7/merge", base, {{"a", "3"}});
  propose("refs/other/7/head", base, {{"a", "4"}});
  const std::string head = server_.commit({{"b", "2"}}, "meanwhile");
  GitSource source(options());
  const RemoteHead listed = source.ls_remote();
  EXPECT_EQ(listed.previews, (std::map<std::string, CommitId>{{"refs/pull/7/head", CommitId(seven)}}));
  source.fetch();

  GitPreviews refs(options(), previews());
  EXPECT_EQ(refs.bring("refs/pull/7/head", CommitId(seven), CommitId(head)).str(), seven);
  // Of a repository that is a path libgit2 takes all refs there are, whatever it is asked for.
  const bool is_path = GetParam().name == std::string("file");
  EXPECT_EQ(source.resolve(seven).has_value(), is_path) << "nothing of it is in the mirror";
  PreviewRepository repository(previews().repository);
  MergedTree merged = repository.merge(CommitId(head), CommitId(seven));
  ASSERT_TRUE(merged.view);
  EXPECT_EQ(read(*merged.view, "a"), "2") << "theirs";
  EXPECT_EQ(read(*merged.view, "b"), "2") << "and what the head has got since";
  EXPECT_NO_THROW(server_.git({"--git-dir", previews().repository, "fsck"}));

  EXPECT_TRUE(repository.merge(CommitId(head), CommitId(base)).contained);
  EXPECT_TRUE(repository.merge(CommitId(head), CommitId(head)).contained);
}

TEST_P(GitPreviewRefs, AConflictNamesItsPathsAndStrangersDoNotMerge) {
  const std::string base = server_.commit({{"a", "1"}}, "base");
  const std::string eight = propose("refs/pull/8/head", base, {{"a", "2"}});
  const std::string head = server_.commit({{"a", "3"}}, "meanwhile");
  GitSource source(options());
  source.fetch();
  GitPreviews refs(options(), previews());
  refs.bring("refs/pull/8/head", CommitId(eight), CommitId(head));
  PreviewRepository repository(previews().repository);
  const MergedTree merged = repository.merge(CommitId(head), CommitId(eight));
  EXPECT_FALSE(merged.view);
  EXPECT_EQ(merged.conflicts, std::vector<std::string>{"a"});

  const std::string stranger = server_.git({"commit-tree", "-m", "x", head + "^{tree}"});
  server_.git({"push", "-q", "origin", stranger + ":refs/pull/9/head"});
  refs.bring("refs/pull/9/head", CommitId(stranger), CommitId(head));
  EXPECT_EQ(repository.merge(CommitId(head), CommitId(stranger)).conflicts.size(), 1u);
}

TEST_P(GitPreviewRefs, ARefThatMovedIsBroughtWhereItIsAndOneThatIsGoneIsSaidSo) {
  const std::string base = server_.commit({{"a", "1"}}, "base");
  const std::string first = propose("refs/pull/7/head", base, {{"a", "2"}});
  GitSource source(options());
  source.fetch();
  GitPreviews refs(options(), previews());
  refs.bring("refs/pull/7/head", CommitId(first), CommitId(base));
  const std::string second = propose("refs/pull/7/head", base, {{"a", "3"}});
  EXPECT_EQ(refs.bring("refs/pull/7/head", CommitId(first), CommitId(base)).str(), first) << "it is there";
  EXPECT_EQ(refs.bring("refs/pull/7/head", CommitId(second), CommitId(base)).str(), second);
  server_.git({"push", "-q", "origin", ":refs/pull/7/head"});
  EXPECT_PROBLEM(refs.bring("refs/pull/7/head", CommitId(base), CommitId(base)), SourceProblem::kNotFound);
  refs.keep_only({});
  EXPECT_EQ(server_.git({"--git-dir", previews().repository, "for-each-ref", "refs/maand/preview"}), "");
}

// Not of a path: see above.
class GitPreviewSizes : public GitPreviewRefs {};

TEST_P(GitPreviewSizes, TooMuchIsRefusedAndWhatIsLeftOverIsRemoved) {
  const std::string base = server_.commit({{"a", "1"}}, "base");
  const std::string large = propose("refs/pull/7/head", base, {{"big", noise(9u << 20)}});
  GitSource source(options());
  source.fetch();
  GitPreviewOptions small = previews();
  small.max_total_bytes = 5u << 20;
  GitPreviews refs(options(), small);
  const Ended how = ended([&] { refs.bring("refs/pull/7/head", CommitId(large), CommitId(base)); });
  EXPECT_TRUE(how.problem);
  EXPECT_NE(how.message.find("more than 8"), std::string::npos) << how.message;
  // Each of these is small enough; together they are too much, and the older goes.
  const std::string one = propose("refs/pull/1/head", base, {{"big", noise(6u << 20)}});
  const std::string two = propose("refs/pull/2/head", base, {{"big", noise(6u << 20) + "x"}});
  refs.bring("refs/pull/1/head", CommitId(one), CommitId(base));
  refs.bring("refs/pull/2/head", CommitId(two), CommitId(base));
  const auto size = [&] {
    std::uintmax_t out = 0;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(small.repository) / "objects"))
      if (entry.is_regular_file()) out += entry.file_size();
    return out;
  };
  EXPECT_LT(size(), 9u << 20);
}

INSTANTIATE_TEST_SUITE_P(Kinds, GitPreviewSizes,
                         ::testing::Values(Kind{"https", https_options}, Kind{"ssh", ssh_options}),
                         [](const auto& kind) { return std::string(kind.param.name); });
INSTANTIATE_TEST_SUITE_P(Kinds, GitPreviewRefs,
                         ::testing::Values(Kind{"file", file_options}, Kind{"https", https_options},
                                           Kind{"ssh", ssh_options}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace maand
