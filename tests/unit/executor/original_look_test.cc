// What lies on a worker that the original deployed, as the real shells tell it.
#include "executor/original_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "reconciler/core/md5.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const JobName kApi("api");

class OriginalLookTest : public ::testing::Test {
 protected:
  std::filesystem::path root() const { return directory_.path() / "b-1"; }
  void file(const std::string& path, const std::string& text, mode_t mode = 0755) {
    std::filesystem::create_directories((root() / path).parent_path());
    std::ofstream(root() / path, std::ios::binary) << text;
    ::chmod((root() / path).c_str(), mode);
  }
  OriginalLook asked(const std::set<std::string>& paths) const {
    return {directory_.path().string(), "b-1", {{kApi, paths}}};
  }
  std::string answer(const OriginalLook& look, const std::vector<std::string>& shell = {"/bin/sh", "-s"}) {
    return testing::call_program({.argv = shell, .input = look_script(look)}).out;
  }
  FoundWorker found(const OriginalLook& look) {
    const auto out = parse_look("Welcome!\n" + answer(look), look);
    EXPECT_TRUE(out.has_value());
    return out.value_or(FoundWorker{});
  }

  TempDir directory_;
};

TEST_F(OriginalLookTest, FilesAreToldWithModeSizeAndBothSums) {
  file("jobs/api/Makefile", "start:\n", 0755);
  file("jobs/api/conf/it's $(touch x) \"q\".ini", "x", 0640);
  file("jobs/api/not asked for", "x");
  std::filesystem::create_symlink("Makefile", root() / "jobs/api/link");
  std::filesystem::create_directories(root() / "jobs/api/dir");
  const OriginalLook look = asked({"Makefile", "conf/it's $(touch x) \"q\".ini", "link", "dir", "gone"});
  const std::vector<std::vector<std::string>> shells = {
      {"/bin/sh", "-s"}, {"/bin/busybox", "sh", "-s"}, {"/bin/bash", "-s"}};
  for (const std::vector<std::string>& shell : shells) {
    if (!std::filesystem::exists(shell[0])) continue;
    SCOPED_TRACE(shell[0]);
    const auto out = parse_look(answer(look, shell), look);
    ASSERT_TRUE(out.has_value());
    EXPECT_TRUE(out->deployed);
    EXPECT_FALSE(out->marked || out->operated);
    const std::vector<FoundFile>& files = out->files.at(kApi);
    ASSERT_EQ(files.size(), 2u);
    EXPECT_EQ(files[0].path, "Makefile");
    EXPECT_EQ(files[0].permissions, 0755);
    EXPECT_EQ(files[0].size_bytes, 7u);
    EXPECT_EQ(files[0].content, sha256("start:\n"));
    EXPECT_EQ(files[0].md5, md5_hex("start:\n"));
    EXPECT_EQ(files[1].path, "conf/it's $(touch x) \"q\".ini");
    EXPECT_EQ(files[1].permissions, 0640);
  }
  EXPECT_FALSE(std::filesystem::exists(root() / "jobs/api/x"));
}

TEST_F(OriginalLookTest, ThousandsOfFilesAreTold) {
  std::set<std::string> paths;
  for (int i = 0; i < 1000; ++i) {
    paths.insert("f" + std::to_string(i));
    file("jobs/api/f" + std::to_string(i), std::to_string(i), 0644);
  }
  EXPECT_EQ(found(asked(paths)).files.at(kApi).size(), 1000u);
}

TEST_F(OriginalLookTest, WhoseTheWorkerIsAndWhatItListsIsTold) {
  file("worker.json", "{\n   \"bucket_id\": \"b-1\",\n   \"worker_id\": \"w-1\",\n   \"update_seq\": 7\n}");
  file("jobs.json", R"([{"job": "api", "disabled": 1}, {"job": "db", "disabled": 0}])");
  const FoundWorker out = found(asked({}));
  EXPECT_EQ(out.bucket_id, "b-1");
  EXPECT_EQ(out.worker_id, "w-1");
  EXPECT_EQ(out.update_seq, 7);
  EXPECT_TRUE(out.listed.at(kApi));
  EXPECT_FALSE(out.listed.at(JobName("db")));
}

TEST_F(OriginalLookTest, WhatDoesNotTellWhoseTheWorkerIsOrWhatItListsIsTold) {
  struct Case {
    const char* worker;  // nullptr: no such file
    const char* jobs;
    const char* worker_problem;  // contained; "" = none
    const char* jobs_problem;
  };
  const std::vector<Case> cases = {
      {nullptr, nullptr, "worker.json is missing", "jobs.json is missing"},
      {"", "\n", "worker.json is missing", "jobs.json is missing"},
      {"{", "[{", "worker.json", "jobs.json"},
      {"[]", "{}", "worker.json is not what", "jobs.json is not what"},
      {R"({"bucket_id": "b-1"})", "[]", "no worker_id", ""},
      {R"({"worker_id": "w-1"})", "[]", "no bucket_id", ""},
      {R"({"bucket_id": "b-1", "worker_id": "w-1"})", "[]", "", ""},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(std::string(one.worker ? one.worker : "none") + " " + (one.jobs ? one.jobs : "none"));
    std::filesystem::remove_all(root());
    std::filesystem::create_directories(root());
    if (one.worker) file("worker.json", one.worker);
    if (one.jobs) file("jobs.json", one.jobs);
    const FoundWorker out = found(asked({}));
    EXPECT_NE(out.worker_problem.find(one.worker_problem), std::string::npos) << out.worker_problem;
    EXPECT_NE(out.jobs_problem.find(one.jobs_problem), std::string::npos) << out.jobs_problem;
    EXPECT_EQ(out.worker_problem.empty(), *one.worker_problem == 0);
    EXPECT_EQ(out.jobs_problem.empty(), *one.jobs_problem == 0);
  }
}

TEST_F(OriginalLookTest, AWorkerWithoutTheBucketAndOneOfOursAreTold) {
  EXPECT_FALSE(found(asked({"Makefile"})).deployed);
  file(".maand/instance", "b-1 w 1");
  EXPECT_TRUE(found(asked({})).marked);
  EXPECT_FALSE(found(asked({})).operated);
  file(".maand/jobs/api/ops/1-a/receipt", "");
  EXPECT_TRUE(found(asked({})).operated);
}

TEST_F(OriginalLookTest, AnAnswerThatIsCutOrNoneAtAllIsNoAnswer) {
  file("jobs/api/Makefile", "start:\n");
  const OriginalLook look = asked({"Makefile"});
  const std::string whole = answer(look);
  ASSERT_TRUE(parse_look(whole, look).has_value());
  for (std::size_t size = 0; size + 5 < whole.size(); ++size)
    EXPECT_FALSE(parse_look(whole.substr(0, size), look));
  EXPECT_FALSE(parse_look("sudo: a password is required\n", look));
}

TEST_F(OriginalLookTest, AMissingToolIsACondition) {
  const auto out = parse_look("maand1 found\n=missing md5sum\n=worker\n=jobs\n=end\n", asked({}));
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->condition, WorkerCondition::kToolMissing);
}

TEST_F(OriginalLookTest, LinesThatNobodyAskedForSayNothing) {
  const std::string zeros(64, 'a');
  const auto out =
      parse_look("maand1 found\n=job api\n=sha256\n" + zeros + "  ./../../etc/shadow\n" + zeros +
                     "  ./other\n=stat\nx y\n=job ../x\n=sha256\n\xff\n=worker\n[1\n=jobs\n{}\n=end\n",
                 asked({"Makefile"}));
  ASSERT_TRUE(out.has_value());
  EXPECT_THAT(out->files, IsEmpty());
}

}  // namespace
}  // namespace maand
