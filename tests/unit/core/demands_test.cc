// workspace.md 5.1, R1.6.
#include "reconciler/core/demands.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using Lines = std::vector<std::string>;

class DemandsTest : public ::testing::Test {
 protected:
  // `version` empty: none stated. Declares command_dump.
  Job& job(const char* name, const char* version) {
    Job& out = jobs_[JobName(name)];
    out.name = JobName(name);
    out.version_stated = *version != '\0';
    out.version = out.version_stated ? version : "0.0.0";
    out.commands.push_back({"command_dump", {"cli"}, std::nullopt});
    return out;
  }
  void demand(const char* from, const char* to, const char* min = "", const char* max = "",
              const char* command = "command_dump") {
    Job& one = jobs_.at(JobName(from));
    one.commands.push_back({"command_need_" + std::to_string(one.commands.size()),
                            {"cli"},
                            CommandDemand{JobName(to), command, min, max, "{}"}});
  }
  // `api field: message`
  Lines told() const {
    Lines out;
    for (const BetweenJobs& one : check_demands(jobs_, unreadable_)) {
      EXPECT_EQ(one.reason, Reason::kDemandUnmet);
      EXPECT_EQ(one.jobs.size(), 1u) << "only the one that demands is held";
      EXPECT_EQ(one.diagnostic.path, "jobs/" + one.jobs[0].str() + "/manifest.json");
      EXPECT_FALSE(one.diagnostic.advice.empty());
      out.push_back(one.diagnostic.field + ": " + one.diagnostic.message);
    }
    return out;
  }

  std::map<JobName, Job> jobs_;
  std::set<JobName> unreadable_;
};

TEST_F(DemandsTest, VersionsWithinTheBoundsAreFineBothEndsIncluded) {
  job("api", "1");
  job("db", "1.2");
  demand("api", "db");
  demand("api", "db", "1.2.0", "1.2.0");
  demand("api", "db", "1.2.0-rc.1");
  demand("api", "db", "", "2.0.0-rc.1");
  EXPECT_EQ(told(), Lines{});
}

TEST_F(DemandsTest, AVersionOutsideNamesBothJobsAndHoldsTheOneThatDemands) {
  job("api", "1");
  job("db", "2.0.0-rc.1");
  demand("api", "db", "2");
  demand("api", "db", "", "1.9");
  demand("api", "db", "3", "4");
  EXPECT_EQ(
      told(),
      (Lines{
          "commands.command_need_1.demands.config: api demands db >= 2, and its manifest states 2.0.0-rc.1",
          "commands.command_need_2.demands.config: api demands db <= 1.9, and its manifest states "
          "2.0.0-rc.1",
          "commands.command_need_3.demands.config: api demands db >= 3 and <= 4, and its manifest "
          "states 2.0.0-rc.1"}));
}

TEST_F(DemandsTest, AJobOrCommandThatIsNotThereIsNamed) {
  job("api", "1");
  job("db", "1");
  demand("api", "cache");
  demand("api", "db", "", "", "command_restore");
  EXPECT_EQ(told(),
            (Lines{"commands.command_need_1.demands.job: api demands the job cache, and there is none",
                   "commands.command_need_2.demands.command: api demands command_restore of db, and db "
                   "declares no such command"}));
}

TEST_F(DemandsTest, ADemandedJobNeedsAVersion) {
  job("api", "1");
  job("db", "");
  demand("api", "db", "1");
  EXPECT_EQ(told(),
            Lines{"commands.command_need_1.demands.job: api demands db >= 1, and db states no version"});
}

TEST_F(DemandsTest, OfAJobThatDoesNotLoadNothingIsSaid) {  // R1.6: unknown is not "removed"
  job("api", "1");
  demand("api", "db", "9");
  unreadable_ = {JobName("db")};
  EXPECT_EQ(told(), Lines{});
}

}  // namespace
}  // namespace maand
