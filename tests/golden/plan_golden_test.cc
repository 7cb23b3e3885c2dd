// Whole workspaces on disk and the plan they give, to be read like examples.
//
//   <case>/before/        a workspace that is applied everywhere (may be missing)
//   <case>/applied.json   what differs from that: {"api@10.0.0.1": {"last": "failed", …}}
//   <case>/workspace/     the workspace of the commit that is planned
//   <case>/plan.json      the expected plan, as `maand plan --json` prints it
//
// MAAND_GOLDEN_UPDATE=1 writes plan.json anew; the test then reports skipped, so
// that nobody takes a regeneration for a pass.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gitsource/directory_view.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/views.h"
#include "tests/support/desire.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Workspace load(const fs::path& directory) {
  return load_workspace(*open_directory_view(directory.string()), "", {});
}

// Every allocation of `before`, confirmed.
AppliedState applied_everywhere(const Workspace& before) {
  AppliedState applied;
  const DesiredState desired = desire(CommitId("before"), before);
  for (const auto& [name, job] : desired.jobs) {
    JobRecord record;
    record.job = name;
    record.target_commit = record.good_commit = CommitId("before");
    record.target_tree = record.good_tree = job.job->tree;
    applied.jobs[name] = record;
    for (std::size_t i = 0; i < job.workers.size(); ++i) {
      AppliedAllocation allocation;
      allocation.key = {name, desired.workers[job.workers[i]].host};
      if (desired.disabled.covers(allocation.key)) continue;
      allocation.running = true;
      allocation.version = job.job->version;
      allocation.files = job.content(i).files;
      allocation.rendered_with = job.content(i).with;
      allocation.tree = job.job->tree;
      allocation.last = LastResult::kConfirmed;
      allocation.last_target = Target::kStart;
      const auto ports = desired.ports.find(name);
      if (ports != desired.ports.end()) {
        for (const auto& [port, number] : ports->second) allocation.holds.push_back(number);
        std::sort(allocation.holds.begin(), allocation.holds.end());
      }
      applied.allocations[allocation.key] = allocation;
    }
  }
  return applied;
}

void change(AppliedAllocation& allocation, const Json& how) {
  allocation.running = how.value("running", allocation.running);
  allocation.version = how.value("version", allocation.version);
  allocation.last = last_result_from(how.value("last", to_string(allocation.last)));
  allocation.last_target = target_from(how.value("last_target", to_string(allocation.last_target)));
  if (how.value("open", false)) allocation.open = Operation{};
}

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string plan_of(const fs::path& directory) {
  AppliedState applied;
  std::map<JobName, KeptJob> kept;
  if (fs::exists(directory / "before")) {
    const Workspace before = load(directory / "before");
    applied = applied_everywhere(before);
    for (const auto& [name, job] : before.jobs)
      kept[name] = {CommitId("before"), std::make_shared<const Job>(job)};
  }
  if (fs::exists(directory / "applied.json")) {
    const Json differs = Json::parse(read(directory / "applied.json"));
    for (const auto& [key, how] : differs.items()) {
      const auto at = key.find('@');
      const AllocationKey allocation{JobName(key.substr(0, at)), WorkerHost(key.substr(at + 1))};
      applied.allocations[allocation].key = allocation;
      change(applied.allocations[allocation], how);
    }
  }
  const Workspace workspace = load(directory / "workspace");
  if (workspace.refused()) return Json{{"refused", workspace.commit.all().at(0).path}}.dump(2) + "\n";
  const DesiredState desired = desire(CommitId("head"), workspace, applied, kept);
  return Json::parse(json_of(make_plan(desired, applied, {}))).dump(2) + "\n";
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(MAAND_GOLDEN_DIR)) {
    if (fs::exists(entry.path() / "workspace")) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenPlan : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenPlan, IsWhatTheExampleSays) {
  const fs::path directory = fs::path(MAAND_GOLDEN_DIR) / GetParam();
  const std::string plan = plan_of(directory);
  if (std::getenv("MAAND_GOLDEN_UPDATE")) {
    std::ofstream(directory / "plan.json") << plan;
    FAIL() << "plan.json was written anew; read it and run again without MAAND_GOLDEN_UPDATE";
  }
  EXPECT_EQ(plan, read(directory / "plan.json"));
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenPlan, ::testing::ValuesIn(cases()),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace maand
