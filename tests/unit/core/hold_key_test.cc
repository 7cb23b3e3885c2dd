// What has to change for a failed rollout to be tried again (R5.3).
#include "reconciler/core/hold_key.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

Job job_with(const std::string& text) {
  Job job;
  job.name = JobName("api");
  if (!text.empty()) {
    job.templates.push_back({"app.ini", FileMode::kRegular, std::get<TemplatePtr>(parse_template(text))});
  }
  return job;
}

BucketConf conf(const std::string& domain, const std::string& other) {
  BucketConf bucket;
  bucket.values = {{"domain", domain}, {"other", other}};
  return bucket;
}

BucketJobsConf section(const std::string& memory, const std::string& level) {
  BucketJobsConf settings;
  settings.jobs[JobName("api")] = {{"memory", memory}, {"level", level}};
  settings.jobs[JobName("db")] = {{"memory", "1 gb"}};
  return settings;
}

TEST(HoldKey, IsTheTreeAloneWhereNoSettingIsRead) {
  EXPECT_EQ(hold_key(TreeId("t"), job_with("{{.WorkerIP}}"), conf("a", "b"), {}), TreeId("t"));
  EXPECT_EQ(hold_key(TreeId("t"), job_with(""), conf("a", "b"), {}), TreeId("t"));
}

// Whether another `domain`, `other`, `level` or `memory` makes another key.
struct Case {
  const char* text;
  bool domain, other, level;
};

TEST(HoldKey, ChangesWithTheSettingsThatAreReadAndNoOther) {
  const Case rows[] = {
      {R"({{get "vars/bucket" "domain"}})", true, false, false},
      {R"({{if false}}{{getOptional "vars/bucket" "domain"}}{{end}})", true, false, false},
      {R"({{upper (get "vars/bucket" "other")}})", false, true, false},
      {R"({{with get "vars/bucket/job/api" "level"}}{{.}}{{end}})", false, false, true},
      {R"({{range keys "vars/bucket"}}{{.}}{{end}})", true, true, false},
      {R"({{"domain" | get "vars/bucket"}})", true, true, false},  // only known while rendering
      {R"({{$ns := "vars/bucket"}}{{get $ns "domain"}})", true, false, false},
      {R"({{define "x"}}{{get "vars/bucket" "domain"}}{{end}}{{template "x"}})", true, false, false},
      {R"({{get "maand/bucket" "bucket_id"}}{{get "vars/job/api" "domain"}})", false, false, false},
  };
  for (const Case& row : rows) {
    const Job job = job_with(row.text);
    const auto key = [&](const char* domain, const char* other, const char* level) {
      return hold_key(TreeId("t"), job, conf(domain, other), section("1 gb", level));
    };
    const TreeId before = key("a", "a", "a");
    EXPECT_EQ(key("a", "a", "a"), before);
    EXPECT_EQ(key("b", "a", "a") != before, row.domain) << row.text;
    EXPECT_EQ(key("a", "b", "a") != before, row.other) << row.text;
    EXPECT_EQ(key("a", "a", "b") != before, row.level) << row.text;
  }
}

TEST(HoldKey, ChangesWithWhatTheJobReserves) {
  const Job job = job_with("");
  const TreeId before = hold_key(TreeId("t"), job, {}, section("1 gb", "a"));
  EXPECT_NE(hold_key(TreeId("t"), job, {}, section("2 gb", "a")), before);
  EXPECT_EQ(hold_key(TreeId("t"), job, {}, section("1 gb", "b")), before);
}

}  // namespace
}  // namespace maand
