// A whole world for tests of the real binary: a git remote, sshd workers, a
// bucket made by `maand init`, and the daemon.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/git_server.h"
#include "tests/support/run_program.h"
#include "tests/support/sshd_fleet.h"

namespace maand::testing {

// Waits until `done` says so, looking again and again. False after `limit`.
bool eventually(const std::function<bool()>& done, std::chrono::seconds limit = std::chrono::seconds(60));

class BucketWorld {
 public:
  // `settings`: more lines of maand.conf, by section (`{"git", "poll_interval = \"1s\""}`).
  // `bucket_id`: where there are several worlds in a test; empty: the usual one.
  explicit BucketWorld(int workers = 2, std::vector<std::pair<std::string, std::string>> settings = {},
                       const std::string& bucket_id = "");
  ~BucketWorld();

  GitServer& git() { return git_; }
  SshdFleet& fleet() { return fleet_; }
  const std::filesystem::path& bucket() const { return bucket_; }
  const std::string& bucket_id() const { return bucket_id_; }

  // workers.json that lists workers 0..count-1, each with `labels[i]` when given.
  std::string workers_json(int count, const std::vector<std::vector<std::string>>& labels = {}) const;
  // manifest.json, Makefile and `extra` files of a job whose targets write what they see into data/events.
  static GitChanges job(const std::string& name, const std::string& version,
                        const std::string& manifest_rest = "", const GitChanges& extra = {});
  // Commits below workspace/.
  std::string commit(const GitChanges& changes, const std::string& message = "change");

  // Runs `maand --bucket … <arguments>` to its end.
  ProgramResult maand(std::vector<std::string> arguments);
  // `maand reconcile --wait`; returns its result.
  ProgramResult reconcile();

  // Puts a line of maand.conf (as `settings` above) in place; a daemon learns of it at a reload.
  void set(const std::string& section, const std::string& line);

  void launch(const std::vector<std::string>& arguments = {"serve"});  // starts the daemon
  void serve();        // the same, and returns when it is ready
  void kill_daemon();  // SIGKILL
  int stop_daemon();   // SIGTERM; its exit status
  bool daemon_running();
  pid_t daemon_pid() const;
  void reload_daemon();                       // SIGHUP
  bool daemon_says(const std::string& text);  // waits for it in the log
  std::string daemon_log() const;

  // The note of a commit in the *remote* repository, when it tells `state`.
  // Throws with everything known when that does not come.
  std::string wait_for_note(const std::string& commit, const std::string& state);

  // Lines that targets of a job wrote on a worker: `start 0.0.0 1.0.0 1 none`.
  std::vector<std::string> events(int worker, const std::string& job) const;
  std::filesystem::path job_directory(int worker, const std::string& job) const;
  int logins() const;  // to all workers so far

 private:
  TempDirectory directory_{"maand-world"};
  GitServer git_;
  SshdFleet fleet_;
  std::filesystem::path bucket_;
  std::string bucket_id_;
  pid_t daemon_ = 0;
};

}  // namespace maand::testing
