#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;

TEST(Note, ComesFromTheMirror) {
  MadeBucket bucket;
  bucket.git.commit({{"workspace/workers.json", R"([{"host": "10.0.0.1"}])"}}, "first");
  ASSERT_EQ(bucket.run({"plan"}).status, 0);  // brings the mirror
  EXPECT_EQ(bucket.run({"note"}).status, 1);
  EXPECT_THAT(bucket.run({"note"}).err, HasSubstr("has no note"));
  EXPECT_EQ(bucket.run({"note", "nonsense"}).status, 2);

  bucket.git.git(
      {"notes", "--ref=maand", "add", "-m",
       "maand prod: "
       "applied\n---\n{\"schema\":1,\"buckets\":{\"b1\":{\"name\":\"prod\",\"state\":\"applied\"}}}"});
  bucket.git.git({"push", "-q", "origin", "refs/notes/maand"});
  ASSERT_EQ(bucket.run({"plan"}).status, 0);
  EXPECT_EQ(bucket.run({"note"}).out, "maand prod: applied\n");
  EXPECT_THAT(bucket.run({"note", "HEAD", "--json"}).out,
              HasSubstr(R"("buckets":{"b1":{"name":"prod","state":"applied"}}})"));
}

}  // namespace
}  // namespace maand::testing
