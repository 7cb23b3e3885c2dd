// What a commit of the simulation asks for, told apart from how the product reads it.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/hook.h"
#include "reconciler/core/ids.h"
#include "tests/support/fake_file_view.h"

namespace maand::simulation {

enum class Wanted { kYes, kNo, kUnknown };  // kUnknown: the commit cannot be read that far

// What a job is follows from its name, so that limits do not move while they are watched.
struct JobKind {
  const char* name;              // `api`; renamed `api-1`, `api-2`, …
  int batch;                     // max_concurrent_upgrades
  const char* policy;            // restart_policy
  const char* rollout;           // its settings in the manifest
  bool goes_back;                // rollout.on_failure is rollback
  std::vector<HookEvent> hooks;  // in stories with hooks
};
extern const std::vector<JobKind> kJobs;
const JobKind& kind_of(const std::string& job);
bool has_hook(const std::string& job, HookEvent event);

struct JobWish {
  int version = 1;
  int revision = 1;        // of its files, which need no new version
  bool everywhere = true;  // else only on workers with an even number
  bool broken = false;     // its manifest is no JSON
  bool empty = false;      // a directory without a manifest
  std::string renamed_from;
};

struct Wish {
  bool hooks = false;    // jobs have those of their kind
  bool readable = true;  // workers.json is
  std::set<int> workers;
  std::map<std::string, JobWish> jobs;  // one of each of kJobs at most
  int renames = 0;
  std::set<AllocationKey> disabled;

  // Under which name the job is known now, or would come.
  std::string name_of(const JobKind& kind) const;
  Wanted wants(const AllocationKey& key) const;
  // Of a job that is wanted; "" else.
  std::string version(const std::string& job) const;
  // What its file `conf` says.
  std::string conf(const std::string& job) const;
  testing::FakeFileView files() const;

  // One more commit as people make them: one thing changes, sometimes for the worse.
  void change(std::mt19937_64& random, int most_workers);
  void mend();  // everything can be read
};

inline constexpr int kMostWorkers = 5;
WorkerHost host(int worker);
int number_of(const WorkerHost& host);

}  // namespace maand::simulation
