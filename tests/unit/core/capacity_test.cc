// workspace.md 4.2, 4.4.
#include "reconciler/core/capacity.h"

#include <gtest/gtest.h>

#include "reconciler/core/placement.h"
#include "reconciler/core/quantity.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::told_with_path;
using Lines = std::vector<std::string>;

// `512 manifest [256..512]`: reservation, its source, and the bounds afterwards.
std::string memory_of(const Job& job) {
  return format_quantity(job.reservation.memory_mb) + " " + job.reservation.memory_source + " [" +
         format_quantity(job.resources.memory_mb.min) + ".." + format_quantity(job.resources.memory_mb.max) +
         "]";
}

TEST(Reservation, IsTheLargerBoundOrWhatTheFileSays) {  // workspace.md 4.2
  const struct {
    Bounds bounds;
    const char* file;  // text of `memory`; null = no section of the job
    const char* after;
  } kCases[] = {
      {{0, 0}, nullptr, "0 manifest [0..0]"},
      {{256, 512}, nullptr, "512 manifest [256..512]"},
      {{256, 1024}, "512 mb", "512 bucket.jobs.prod.conf [256..1024]"},
      {{256, 1024}, "1 gb", "1024 bucket.jobs.prod.conf [256..1024]"},
      {{256, 1024}, "256", "256 bucket.jobs.prod.conf [256..1024]"},
      {{0, 0}, "300 mb", "300 bucket.jobs.prod.conf [300..300]"},
      {{0, 1024}, "", "0 bucket.jobs.prod.conf [0..1024]"},
  };
  for (const auto& [bounds, file, after] : kCases) {
    Job job;
    job.name = JobName("api");
    job.resources.memory_mb = bounds;
    job.resources.cpu_mhz = {100, 200};
    BucketJobsConf settings{"bucket.jobs.prod.conf", {{JobName("other"), {{"memory", "7 tb"}}}}};
    if (file) settings.jobs[JobName("api")] = {{"memory", file}, {"log_level", "debug"}};
    Diagnostics diagnostics;
    reserve(job, settings, diagnostics);
    EXPECT_EQ(told_with_path(diagnostics), Lines{});
    EXPECT_EQ(memory_of(job), after);
    EXPECT_EQ(job.reservation.cpu_mhz, 200) << "each kind by itself";
    EXPECT_EQ(job.reservation.cpu_source, "manifest");
  }
}

TEST(Reservation, OutsideOfTheBoundsIsAnErrorOfTheJob) {  // workspace.md 4.2
  const struct {
    const char* key;
    const char* text;
    const char* told;
  } kCases[] = {
      {"memory", "2 gb",
       "bucket.jobs.conf error api.memory: reserves 2048 mb for the job api, and its manifest allows at most "
       "1024 mb"},
      {"memory", "128",
       "bucket.jobs.conf error api.memory: reserves 128 mb for the job api, and its manifest allows at least "
       "256 mb"},
      {"cpu", "1.5 ghz",
       "bucket.jobs.conf error api.cpu: reserves 1500 mhz for the job api, and its manifest allows at most "
       "200 mhz"},
      {"memory", "5 kb", "bucket.jobs.conf error api.memory: \"5 kb\" is no amount"},
      {"cpu", "-1", "bucket.jobs.conf error api.cpu: \"-1\" is negative"},
  };
  for (const auto& [key, text, line] : kCases) {
    Job job;
    job.name = JobName("api");
    job.resources.memory_mb = {256, 1024};
    job.resources.cpu_mhz = {100, 200};
    Diagnostics diagnostics;
    reserve(job, {"bucket.jobs.conf", {{JobName("api"), {{key, text}}}}}, diagnostics);
    EXPECT_EQ(told_with_path(diagnostics), Lines{line});
  }
}

class CapacityTest : public ::testing::Test {
 protected:
  void worker(const char* host, double memory, double cpu, std::vector<std::string> labels = {"worker"}) {
    Worker out;
    out.host = WorkerHost(host);
    out.memory_mb = memory;
    out.cpu_mhz = cpu;
    out.labels = std::move(labels);
    workers_.push_back(std::move(out));
  }
  void job(const char* name, double memory, double cpu, const char* selector = "worker") {
    Job& out = jobs_[JobName(name)];
    out.name = JobName(name);
    out.selectors = {selector};
    out.reservation = {memory, cpu, "manifest", "manifest"};
  }
  // `a,b: message`
  Lines told() const {
    std::vector<const Job*> pointers;
    for (const auto& [name, one] : jobs_) pointers.push_back(&one);
    Lines out;
    for (const BetweenJobs& one : check_capacity(workers_, pointers, place(workers_, pointers), disabled_)) {
      EXPECT_EQ(one.reason, Reason::kInsufficientCapacity);
      EXPECT_EQ(one.diagnostic.severity, Severity::kError);
      EXPECT_EQ(one.diagnostic.path, "workers.json");
      EXPECT_FALSE(one.diagnostic.advice.empty());
      std::string line;
      for (const JobName& name : one.jobs) line += (line.empty() ? "" : ",") + name.str();
      out.push_back(line + ": " + one.diagnostic.message);
    }
    return out;
  }

  std::vector<Worker> workers_;
  std::map<JobName, Job> jobs_;
  Disabled disabled_;
};

TEST_F(CapacityTest, WhatJustFitsFits) {
  worker("w1", 1024, 1000);
  job("a", 1000, 600);
  job("b", 24, 400);
  EXPECT_EQ(told(), Lines{});
}

TEST_F(CapacityTest, FractionsThatAddUpToTheWholeFit) {
  worker("w1", 0.3, 0);
  job("a", 0.1, 0);
  job("b", 0.2, 0);
  EXPECT_EQ(told(), Lines{});
}

TEST_F(CapacityTest, NamesTheWorkerWhatIsAskedWhatThereIsAndByWhom) {
  worker("w1", 1024, 1000);
  job("a", 100, 0);
  job("b", 1000.5, 0);
  job("c", 0, 10);
  EXPECT_EQ(told(),
            Lines{"a,b: w1 has 1024 mb of memory, and the jobs on it reserve 1100.5 mb: b 1000.5, a 100"});
}

TEST_F(CapacityTest, MemoryAndCpuAreJudgedEachByItself) {
  worker("w1", 10, 10);
  job("a", 11, 1);
  job("b", 0, 10);
  EXPECT_EQ(told(), (Lines{"a: w1 has 10 mb of memory, and the jobs on it reserve 11 mb: a 11",
                           "a,b: w1 has 10 mhz of cpu, and the jobs on it reserve 11 mhz: b 10, a 1"}));
}

TEST_F(CapacityTest, AWorkerThatStatesNothingHasAMessageOfItsOwn) {
  worker("w1", 0, 0);
  worker("w2", 0, 0, {"other"});
  job("a", 1, 0);
  EXPECT_EQ(told(), Lines{"a: w1 states no memory, and the jobs on it reserve 1 mb: a 1"});
}

TEST_F(CapacityTest, DisabledAllocationsTakeNothing) {
  worker("w1", 10, 0);
  worker("w2", 10, 0);
  job("a", 6, 0);
  job("b", 6, 0);
  disabled_.jobs[JobName("b")] = {WorkerHost("w2")};
  EXPECT_EQ(told(), Lines{"a,b: w1 has 10 mb of memory, and the jobs on it reserve 12 mb: a 6, b 6"});
  disabled_.workers = {WorkerHost("w1")};
  EXPECT_EQ(told(), Lines{});
}

TEST_F(CapacityTest, WorkersInTheSameSituationAreToldOnce) {
  worker("w1", 10, 0, {"worker", "a"});
  worker("w2", 10, 0);
  worker("w3", 10, 0);
  worker("w4", 11, 0);
  job("a", 1, 0, "a");
  for (const char* name : {"j1", "j2", "j3", "j4", "j5", "j6"}) job(name, 2, 0);
  EXPECT_EQ(
      told(),
      (Lines{"a,j1,j2,j3,j4,j5,j6: w1 has 10 mb of memory, and the jobs on it reserve 13 mb: j1 2, j2 2, "
             "j3 2, j4 2, j5 2 and 2 more",
             "j1,j2,j3,j4,j5,j6: w2 (like 1 other) has 10 mb of memory, and the jobs on it reserve 12 "
             "mb: j1 2, j2 2, j3 2, j4 2, j5 2 and 1 more",
             "j1,j2,j3,j4,j5,j6: w4 has 11 mb of memory, and the jobs on it reserve 12 mb: j1 2, j2 2, "
             "j3 2, j4 2, j5 2 and 1 more"}));
}

}  // namespace
}  // namespace maand
