// R1.6, workspace.md 3.4, 4.1 and its list of differences.
#include "reconciler/core/between_jobs.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using Lines = std::vector<std::string>;

class BetweenJobsTest : public ::testing::Test {
 protected:
  void worker(const char* host, std::vector<std::string> labels) {
    Worker out;
    out.host = WorkerHost(host);
    out.labels = std::move(labels);
    workers_.push_back(std::move(out));
  }
  Job& job(const char* name, std::vector<std::string> selectors) {
    Job& out = jobs_[JobName(name)];
    out.name = JobName(name);
    out.selectors = std::move(selectors);
    return out;
  }
  // `PortConflict a,b: message`
  Lines told() const {
    Lines out;
    for (const BetweenJobs& one : check_between_jobs(workers_, jobs_, disabled_, unreadable_)) {
      std::string line = to_string(one.reason);
      for (const JobName& name : one.jobs) line += (&name == &one.jobs[0] ? " " : ",") + name.str();
      EXPECT_EQ(one.diagnostic.severity, Severity::kError);
      EXPECT_FALSE(one.diagnostic.advice.empty());
      EXPECT_EQ(one.diagnostic.path.ends_with("/manifest.json"), one.reason != Reason::kInsufficientCapacity);
      out.push_back(line + ": " + one.diagnostic.message);
    }
    return out;
  }

  std::vector<Worker> workers_;
  std::map<JobName, Job> jobs_;
  Disabled disabled_;
  std::set<JobName> unreadable_;
};

TEST_F(BetweenJobsTest, AFixedPortBelongsToOneJobOnAWorker) {
  worker("w1", {"a", "b"});
  worker("w2", {"a", "b"});
  worker("w3", {"c"});
  job("a", {"a"}).resources.ports = {{"a_http", 8080}};
  job("b", {"b"}).resources.ports = {{"b_http", 8080}};
  job("c", {"c"}).resources.ports = {{"c_http", 8080}};
  job("d", {"a"}).resources.ports = {{"d_http", 8081}, {"d_pool", std::nullopt}};
  EXPECT_EQ(told(), Lines{"PortConflict a,b: port 8080 is claimed by a, b on one worker (w1)"});
}

TEST_F(BetweenJobsTest, DifferentPairsOnDifferentWorkersAreToldEach) {
  worker("w1", {"a", "b"});
  worker("w2", {"b", "c"});
  job("a", {"a"}).resources.ports = {{"a_p", 1}};
  job("b", {"b"}).resources.ports = {{"b_p", 1}};
  job("c", {"c"}).resources.ports = {{"c_p", 1}};
  EXPECT_EQ(told(), (Lines{"PortConflict a,b: port 1 is claimed by a, b on one worker (w1)",
                           "PortConflict b,c: port 1 is claimed by b, c on one worker (w2)"}));
}

TEST_F(BetweenJobsTest, APortNameBelongsToOneJobEverywhere) {
  worker("w1", {"a"});
  worker("w2", {"b"});
  job("a", {"a"}).resources.ports = {{"http", 1}};
  job("b", {"b"}).resources.ports = {{"http", std::nullopt}};
  EXPECT_EQ(told(), Lines{"PortConflict a,b: the port name \"http\" is used by a, b"});
}

TEST_F(BetweenJobsTest, EnoughAllocationsOrAnError) {  // workspace.md 3.4
  worker("w1", {"a"});
  worker("w2", {"a"});
  job("a", {"a"}).min_allocations = 2;
  job("b", {"a"}).min_allocations = 3;
  job("c", {"c"}).min_allocations = 1;
  job("d", {"d"}).min_allocations = 0;
  EXPECT_EQ(told(), (Lines{"TooFewAllocations b: needs 3 allocations, and the job matches 2 of 2 workers",
                           "TooFewAllocations c: needs 1 allocations, and the job matches 0 of 2 workers"}));
}

TEST_F(BetweenJobsTest, DisabledAllocationsCountAsAllocations) {  // workspace.md 3.4
  worker("w1", {"a"});
  worker("w2", {"a"});
  job("a", {"a"}).min_allocations = 2;
  disabled_.workers = {WorkerHost("w2")};
  disabled_.jobs[JobName("a")] = {};
  EXPECT_EQ(told(), Lines{});
}

// Each of these is judged in a file of its own; here, that it is asked.
TEST_F(BetweenJobsTest, CapacityDemandsAndCyclesAreJudgedToo) {  // workspace.md 4.2, 5
  worker("w1", {"a"});
  workers_[0].memory_mb = 1;
  const auto demands = [](Job& from, const char* to) {
    from.version_stated = true;
    from.commands = {{"command_x", {"cli"}, CommandDemand{JobName(to), "command_x", "", "", "{}"}}};
    from.demands = {{JobName(to), "", ""}};
  };
  demands(job("a", {"a"}), "b");
  demands(job("b", {"a"}), "a");
  demands(job("c", {"a"}), "gone");
  demands(job("d", {"a"}), "broken");
  jobs_[JobName("a")].reservation.memory_mb = 2;
  unreadable_ = {JobName("broken")};
  EXPECT_EQ(told(),
            (Lines{"InsufficientCapacity a: w1 has 1 mb of memory, and the jobs on it reserve 2 mb: a 2",
                   "DemandUnmet c: c demands the job gone, and there is none",
                   "DemandCycle a,b: the demands go round in a circle: a -> b -> a"}));
  disabled_.workers = {WorkerHost("w1")};
  EXPECT_EQ(told().size(), 2u) << "what is disabled takes nothing";
}

TEST_F(BetweenJobsTest, OneJobTakesTheDirectoryOfAnother) {
  job("a", {"a"}).renamed_from = JobName("old");
  job("b", {"a"}).renamed_from = JobName("old");
  job("c", {"a"}).renamed_from = JobName("older");
  EXPECT_EQ(told(), Lines{"Broken a,b: each of a, b says that it was old"});
}

TEST_F(BetweenJobsTest, NothingIsToldOfWhatGoesTogether) { EXPECT_EQ(told(), Lines{}); }

}  // namespace
}  // namespace maand
