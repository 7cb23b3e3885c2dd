// What a commit of a fault story asks for, and its files for real workers. Which job is
// wanted where is the simulation's Wish; this adds contents that a target can read.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/wish.h"
#include "tests/support/git_server.h"

namespace maand::testing {

// Names of the simulation's jobs that stories are about. None of them goes back by itself.
extern const std::vector<std::string> kDeployedJobs;

// Two files that every job has. Its targets write both into what they tell.
struct JobContent {
  int conf = 1;      // matches the restart_globs of `edge`
  int page = 1;      // does not
  bool bad = false;  // start, restart and reload fail

  // As a target tells it: `good1-p1`.
  std::string told() const;
  std::string conf_text() const { return (bad ? "bad" : "good") + std::to_string(conf); }
  std::string page_text() const { return "p" + std::to_string(page); }
};

class DeployedWish {
 public:
  // `db` and `api`, which demands it, on workers 1 to `workers`.
  explicit DeployedWish(int workers);

  // One thing of a lifecycle changes; returns which. Changes of one round (until
  // `settled`) never need a person: no job is taken away where another comes (it
  // would look renamed), and nobody is drained beside those that just failed.
  std::string change(std::mt19937_64& random);
  void settled();

  // A job whose targets fail has a place: its hold stays until the job is changed.
  bool holds() const;
  // The job is taken as it stands: it is there, and its targets do not fail.
  bool sound(const std::string& job) const;

  const simulation::Wish& asks() const { return asks_; }
  const std::map<std::string, JobContent>& contents() const { return contents_; }
  // Files of a job, by path in its directory, as the worker gets them.
  std::map<std::string, std::string> shipped(const std::string& job, const std::string& ledger) const;
  // Everything below workspace/ but workers.json; what is not wanted any more is removed.
  GitChanges files(const std::string& ledger) const;

 private:
  std::string spoil_or_mend(const std::string& job, std::mt19937_64& random);

  simulation::Wish asks_;
  std::map<std::string, JobContent> contents_;
  bool added_ = false, removed_ = false;  // since it was settled
  std::set<std::string> moved_, spoilt_;
};

}  // namespace maand::testing
