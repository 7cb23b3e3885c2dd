// workspace.md 0.6, 4.1, 4.3, 4.4, R1.3.
#include "reconciler/core/bucket_conf.h"

#include <gtest/gtest.h>

#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::told;
using Lines = std::vector<std::string>;

struct Parsed {
  BucketConf conf;
  Lines told;
};

Parsed parse(std::string_view text) {
  Diagnostics diagnostics;
  BucketConf conf = parse_bucket_conf(text, "bucket.conf", diagnostics);
  return {std::move(conf), told(diagnostics)};
}

TEST(BucketConf, IsAMapOfText) {
  const auto [conf, lines] = parse("port_min = \"100\"\nport_max = ' 200 '\nregion = \"eu\" # comment\n");
  EXPECT_EQ(lines, Lines{});
  EXPECT_EQ(conf.port_min, 100);
  EXPECT_EQ(conf.port_max, 200);
  EXPECT_EQ(conf.values.at("region"), "eu");
  EXPECT_EQ(conf.values.size(), 3u);
}

TEST(BucketConf, BlankPortsAreTheDefault) {
  for (const char* text : {"", "port_min = \"\"\nport_max = \"  \"\n"}) {
    const auto [conf, lines] = parse(text);
    EXPECT_EQ(lines, Lines{});
    EXPECT_EQ(conf.port_min, 30000);
    EXPECT_EQ(conf.port_max, 39999);
  }
}

TEST(BucketConf, TellsWhatIsWrong) {
  const struct {
    const char* text;
    const char* told;
  } kCases[] = {
      {"port_min = 100", "error port_min: must be text"},
      {"a = true", "error a: must be text"},
      {"[a]\nb = \"c\"", "error a: must be text"},
      {"a.b = \"c\"", "error a: must be text"},
      {"port_min = \"x\"", "error port_min: \"x\" is no port"},
      {"port_min = \"0\"", "error port_min: \"0\" is no port"},
      {"port_max = \"65536\"", "error port_max: \"65536\" is no port"},
      {"port_min = \"40000\"", "error port_min: 40000 is above port_max (39999)"},
      {"a = ", "error line 1, column "},
      {"a = \"1\"\na = \"2\"", "error line 2, column "},
      {"a = \"\xff\"", "error line 1, column "},
  };
  for (const auto& [text, start] : kCases) {
    const Lines lines = parse(text).told;
    ASSERT_EQ(lines.size(), 1u) << text;
    EXPECT_TRUE(lines[0].starts_with(start)) << lines[0];
  }
}

TEST(BucketConf, DeepNestingIsRefusedAndNotFollowed) {
  std::string key = "a";
  for (int i = 0; i < 9'999; ++i) key += ".a";
  EXPECT_EQ(parse(key + " = \"x\"").told, Lines{"error a: must be text"});
  for (int i = 0; i < 1'000'000; ++i) key += ".a";
  EXPECT_EQ(parse(key + " = \"x\"").told,
            Lines{"error holds more than 10000 of the characters `.`, `[` and `{`"});
  EXPECT_EQ(parse("a = " + std::string(9'000, '[')).told.size(), 1u);
}

TEST(BucketJobsConf, IsATablePerJob) {  // workspace.md 4.4
  Diagnostics diagnostics;
  const BucketJobsConf good = parse_bucket_jobs_conf("[api]\nmemory = \"1 gb\"\nlog_level = 'debug'\n[db]\n",
                                                     "bucket.jobs.prod.conf", diagnostics);
  EXPECT_EQ(told(diagnostics), Lines{});
  EXPECT_EQ(good.file, "bucket.jobs.prod.conf");
  ASSERT_EQ(good.jobs.size(), 2u);
  EXPECT_EQ(good.jobs.at(JobName("api")),
            (std::map<std::string, std::string>{{"log_level", "debug"}, {"memory", "1 gb"}}));
  EXPECT_TRUE(good.jobs.at(JobName("db")).empty());
  parse_bucket_jobs_conf("x = \"1\"\n[api]\nmemory = 1\n", "bucket.jobs.conf", diagnostics);
  EXPECT_EQ(told(diagnostics),
            (Lines{"error api.memory: must be text", "error x: must be a table named like a job"}));
}

TEST(BucketJobsConf, TheSelectorNamesTheFile) {  // workspace.md 4.4
  EXPECT_EQ(bucket_jobs_file(""), "bucket.jobs.conf");
  EXPECT_EQ(bucket_jobs_file("  "), "bucket.jobs.conf");
  EXPECT_EQ(bucket_jobs_file(" prod "), "bucket.jobs.prod.conf");
}

}  // namespace
}  // namespace maand
