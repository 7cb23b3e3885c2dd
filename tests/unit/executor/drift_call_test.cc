// One look at a worker as it goes over the wire (R5.9).
#include "executor/drift_call.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(DriftCall, AsksOnlyAboutWhatAListOfDigestsDoesNotTell) {
  const Digest target = sha256("conf");
  JobLook api{.job = JobName("api"), .version = "1.2.0", .status_limit = Seconds(9)};
  api.files = make_file_set({{.path = "Makefile", .content = sha256("m")},
                             {.path = "link", .mode = FileMode::kSymlink, .content = target},
                             {.path = "run.sh", .mode = FileMode::kExecutable, .content = sha256("r")},
                             {.path = "secret", .content = sha256("s"), .attributes = {0640, "app", "www"}},
                             {.path = "tool", .mode = FileMode::kExecutable, .attributes = {0, "", "app"}}});
  JobLook db{.job = JobName("db"), .files = empty_file_set(), .version = "2.0"};
  EXPECT_EQ(look_request({.endpoint = {}, .instance = "", .epoch = 1, .jobs = {api, db}}),
            "job api " + api.files->list_id.hex() + " 9 1.2.0\nl " + target.hex() +
                " link\nx run.sh\n=640 app:www\n+secret\n=755 :app\n+tool\njob db " +
                db.files->list_id.hex() + " 0 2.0\ndone\n");
}

TEST(DriftCall, ReadsAnAnswerBehindWhateverALoginShellSaid) {
  const auto seen = parse_seen(
      "welcome\nmaand1 hello\nreply looked\njob api\nlist abc\nchanged a file: FAILED\ngone b\nsymlink c\n"
      "nofile d\nmode e\nintheway f\nsomething new\nstatus ended 2\njob db\nlist \njob web\nbusy\nmore\njob "
      "cron\nlist "
      "x\n"
      "gone .\nend 0\n",
      4);
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->jobs.size(), 4u);
  const JobSeen& api = seen->jobs[0];
  EXPECT_EQ(api.list, "abc");
  using Deviation = JobSeen::Deviation;
  EXPECT_EQ(api.deviations, (std::vector<Deviation>{{Deviation::Kind::kChanged, "a file: FAILED"},
                                                    {Deviation::Kind::kGone, "b"},
                                                    {Deviation::Kind::kSymlink, "c"},
                                                    {Deviation::Kind::kNoFile, "d"},
                                                    {Deviation::Kind::kMode, "e"},
                                                    {Deviation::Kind::kInTheWay, "f"}}));
  EXPECT_EQ(api.status, JobSeen::Status::kNotRunning);
  EXPECT_EQ(api.exit_status, 2);
  EXPECT_TRUE(seen->jobs[1].list.empty());
  EXPECT_TRUE(seen->jobs[2].busy);
  EXPECT_TRUE(seen->jobs[2].more);
  EXPECT_TRUE(seen->jobs[3].more) << "all of it";
}

TEST(DriftCall, AnAnswerThatIsNotWholeIsNone) {
  const std::string whole = "reply looked\njob api\nlist abc\nchanged a\nend 0\n";
  ASSERT_TRUE(parse_seen(whole, 1));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(parse_seen(whole.substr(0, length), 1)) << length;
  EXPECT_FALSE(parse_seen("reply looked\nchanged a\nend 0\n", 1)) << "of no job";
  EXPECT_FALSE(parse_seen("reply looked\njob ../x\nend 0\n", 1));
  EXPECT_FALSE(parse_seen("reply looked\nend 1\n", 1));
}

TEST(DriftCall, AWorkerThatTellsWithoutEndIsBounded) {
  EXPECT_FALSE(parse_seen("reply looked\njob a\njob b\nend 0\n", 1)) << "of more jobs than were asked for";
  std::string much = "reply looked\njob a\nlist x\n";
  for (int i = 0; i < 10'000; ++i) much += "changed " + std::to_string(i) + "\n";
  const auto seen = parse_seen(much + "end 0\n", 1);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->jobs[0].more);
  EXPECT_LT(seen->jobs[0].deviations.size(), 10'000u);
}

}  // namespace
}  // namespace maand
