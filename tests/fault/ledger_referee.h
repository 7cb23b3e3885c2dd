// The promises of the simulation's Referee, judged by what real targets wrote into the
// ledger and by what lies on the workers when all is calm.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/fault/deployed_wish.h"
#include "tests/fault/ledger.h"
#include "tests/simulation/referee.h"

namespace maand::testing {

class LedgerReferee {
 public:
  // `job_roots[n - 1]`: worker n's directory of the bucket.
  LedgerReferee(std::filesystem::path ledger, std::vector<std::filesystem::path> bucket_roots);

  void committed(const std::string& commit, const DeployedWish& wish);
  // Everything has come to rest at the newest commit, whose note is `note`; the commits
  // before it are history then.
  void at_rest(const std::string& note, const std::string& bucket_id);

  const std::vector<std::string>& broken() const { return rules_.broken(); }
  const std::vector<LedgerEntry>& entries() const { return entries_; }

 private:
  struct Past {  // of one operation
    LedgerEntry begin;
    bool ended = false, failed = false;
  };

  void read();
  void on_begin(const LedgerEntry& entry);
  void on_end(const LedgerEntry& entry);
  void judge_cause(const LedgerEntry& entry);
  void judge_version(const LedgerEntry& entry);
  void judge_hold(const LedgerEntry& entry);
  void judge_places();
  void judge_worker(int worker, const std::string& job);
  void judge_receipts(int worker, const std::string& job);
  void judge_note(const std::string& note, const std::string& bucket_id);
  void broken(const LedgerEntry& entry, const std::string& why);
  std::filesystem::path job_directory(const AllocationKey& key) const;

  const std::filesystem::path ledger_;
  const std::vector<std::filesystem::path> bucket_roots_;
  std::size_t read_ = 0;
  simulation::Referee rules_;
  std::map<AllocationKey, simulation::Place> places_;
  std::map<OperationId, Past> past_;
  std::map<AllocationKey, std::set<std::string>> confirmed_;   // versions that may be CURRENT_VERSION
  std::map<AllocationKey, std::size_t> told_;                  // lines that belong into data/events
  std::map<std::string, std::set<AllocationKey>> failing_;     // upgrades, by job and its content
  std::vector<std::pair<std::string, DeployedWish>> commits_;  // since the last rest, and the one it was at
  std::vector<LedgerEntry> entries_;
};

}  // namespace maand::testing
