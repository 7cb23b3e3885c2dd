// Which refs are previewed (git.preview_refs).
#include "reconciler/core/preview/preview_refs.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(PreviewRefs, APatternIsAFullRefWithStars) {
  for (const char* good : {"refs/pull/*/head", "refs/merge-requests/*/head", "refs/heads/review-*",
                           "refs/heads/*/*", "refs/changes/*/*/*", "refs/heads/one"}) {
    EXPECT_EQ(preview_pattern_problem(good), std::nullopt) << good;
  }
  struct Row {
    const char* pattern;
    const char* says;
  };
  for (const Row& row :
       {Row{"", "begins with"}, Row{"pull/*/head", "begins with"}, Row{"*", "begins with"},
        Row{"refs/*", "without `*`"}, Row{"refs/*/head", "without `*`"}, Row{"refs/p*/1/head", "without `*`"},
        Row{"refs/pull", "has a name"}, Row{"refs/pull/", "git allows"}, Row{"refs/pull//head", "git allows"},
        Row{"refs/pull/../head", "git allows"}, Row{"refs/pull/.x", "git allows"},
        Row{"refs/pull/x.lock", "git allows"}, Row{"refs/pull/a b", "git allows"},
        Row{"refs/pull/[1-9]/head", "git allows"}, Row{"refs/pull/?/head", "git allows"},
        Row{"refs/pull/**", "no `**`"}, Row{"refs/notes/*", "refs/notes/"},
        Row{"refs/maand/preview/*", "refs/maand/"}, Row{"refs/tags/*", "refs/tags/"}}) {
    const auto problem = preview_pattern_problem(row.pattern);
    ASSERT_TRUE(problem) << row.pattern;
    EXPECT_NE(problem->find(row.says), std::string::npos) << row.pattern << ": " << *problem;
  }
  EXPECT_TRUE(preview_pattern_problem("refs/pull/" + std::string(300, 'x')));
}

TEST(PreviewRefs, OurOwnBranchAndNotesAreNeverAPreview) {
  struct Row {
    const char* pattern;
    const char* branch;
    bool taken;
  };
  for (const Row& row :
       {Row{"refs/heads/*", "refs/heads/main", false}, Row{"refs/heads/main", "refs/heads/main", false},
        Row{"refs/heads/*", "refs/heads/release/1", true},
        Row{"refs/heads/*/*", "refs/heads/release/1", false},
        Row{"refs/heads/review-*", "refs/heads/main", true},
        Row{"refs/pull/*/head", "refs/heads/main", true}}) {
    Diagnostics problems;
    check_preview_patterns({row.pattern}, row.branch, "refs/notes/maand", problems);
    EXPECT_EQ(problems.has_errors(), !row.taken) << row.pattern << " " << row.branch;
  }
  Diagnostics many;
  check_preview_patterns(std::vector<std::string>(17, "refs/pull/*/head"), "refs/heads/main", "refs/notes/x",
                         many);
  EXPECT_EQ(many.all().size(), 1u);
}

TEST(PreviewRefs, AStarIsOneOrMoreCharactersButNeverASlash) {
  struct Row {
    const char* pattern;
    const char* ref;
    bool matches;
  };
  for (const Row& row :
       {Row{"refs/pull/*/head", "refs/pull/7/head", true},
        Row{"refs/pull/*/head", "refs/pull/1234567/head", true},
        Row{"refs/pull/*/head", "refs/pull//head", false},
        Row{"refs/pull/*/head", "refs/pull/7/merge", false},
        Row{"refs/pull/*/head", "refs/pull/7/8/head", false},
        Row{"refs/pull/*/head", "refs/pull/7/head/x", false},
        Row{"refs/pull/*/head", "refs/pull/7/head^{}", false},
        Row{"refs/heads/a*b*c", "refs/heads/aXbbYc", true}, Row{"refs/heads/a*b*c", "refs/heads/abc", false},
        Row{"refs/heads/a*b*c", "refs/heads/axbxcx", false}, Row{"refs/heads/*x", "refs/heads/xxx", true},
        Row{"refs/heads/*x", "refs/heads/x", false}, Row{"refs/heads/x*", "refs/heads/x", false},
        Row{"refs/heads/x*", "refs/heads/xy", true}, Row{"refs/heads/x", "refs/heads/x", true},
        Row{"refs/heads/*", "refs/heads/\x1b[31m", false}, Row{"refs/heads/*", "refs/heads/\xff\xfe", false},
        Row{"refs/heads/*", "heads/x", false}, Row{"refs/heads/*", "", false}}) {
    EXPECT_EQ(matches_preview({"refs/none/*", row.pattern}, row.ref), row.matches)
        << row.pattern << " " << row.ref;
  }
  EXPECT_FALSE(matches_preview({"refs/pull/*"}, "refs/pull/" + std::string(300, '7')));
  // A hostile name costs no more than its length times that of the pattern.
  EXPECT_FALSE(matches_preview({"refs/h/*a*a*a*a*a*a*a*a*a*a*a*a*b"}, "refs/h/" + std::string(200, 'a')));
}

TEST(PreviewRefs, NewerIsTheHigherNumber) {
  EXPECT_TRUE(newer_preview("refs/pull/10/head", "refs/pull/9/head"));
  EXPECT_FALSE(newer_preview("refs/pull/9/head", "refs/pull/10/head"));
  EXPECT_TRUE(newer_preview("refs/pull/0010/head", "refs/pull/9/head"));
  EXPECT_TRUE(newer_preview("refs/pull/99999999999999999999999/head", "refs/pull/10/head"));
  EXPECT_FALSE(newer_preview("refs/pull/7/head", "refs/pull/7/head"));
  EXPECT_TRUE(newer_preview("refs/heads/b", "refs/heads/a"));
  EXPECT_TRUE(newer_preview("refs/heads/ab", "refs/heads/a"));
}

}  // namespace
}  // namespace maand
