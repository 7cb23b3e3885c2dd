// What a worker, a job and a policy are, once a workspace has been understood.
//
// Plain values, already validated by `workspace` and `manifest`; the meaning of
// every field is given by workspace.md at the section named beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/files.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/template/template.h"

namespace maand {

using Seconds = std::chrono::seconds;

// ---- workers.json (workspace.md 1, interface.md) ---------------------------

// Settings of one worker that override `[ssh]` of maand.conf. Unset = inherit.
struct SshOverrides {
  std::optional<int> port;          // 1..65535
  std::optional<std::string> user;  // non-empty
  std::optional<std::string> key;   // file under secrets/, or "agent"
  std::optional<std::string> jump;  // user@host:port
  std::optional<bool> use_sudo;
  friend bool operator==(const SshOverrides&, const SshOverrides&) = default;
};

struct Worker {
  WorkerHost host;                     // identity (R3.6): IP address or DNS name
  WorkerHost was;                      // the host whose allocations it takes over; empty = none
  std::string address;                 // where to connect; equals host when not given
  std::vector<std::string> host_keys;  // `ssh-ed25519 AAAA…` lines (R3.8); empty = known_hosts decides
  SshOverrides ssh;
  std::vector<std::string> labels;  // lower-case, sorted, unique, always with "worker"
  std::map<std::string, std::string> tags;
  std::string hostname;  // may be empty
  std::int64_t position = 0;
  double memory_mb = 0;
  double cpu_mhz = 0;
  friend bool operator==(const Worker&, const Worker&) = default;
};

// ---- manifest.json (workspace.md 2) ----------------------------------------

enum class RestartPolicy { kAlways, kReload, kNever };

struct Bounds {  // MB or MHz
  double min = 0;
  double max = 0;
  friend bool operator==(const Bounds&, const Bounds&) = default;
};

// What a job takes of a worker it is on (workspace.md 4.2): the larger bound, or
// what bucket.jobs.conf says.
struct Reservation {
  double memory_mb = 0;
  double cpu_mhz = 0;
  std::string memory_source = "manifest";  // or the name of the file
  std::string cpu_source = "manifest";
  friend bool operator==(const Reservation&, const Reservation&) = default;
};

struct PortBinding {
  std::string name;          // [a-z][a-z0-9_]*
  std::optional<int> fixed;  // 1..65535; unset = from the pool
  friend bool operator==(const PortBinding&, const PortBinding&) = default;
};

struct Resources {
  Bounds memory_mb;
  Bounds cpu_mhz;
  std::vector<PortBinding> ports;  // sorted by name
  friend bool operator==(const Resources&, const Resources&) = default;
};

// One thing that is asked of an allocation (workspace.md 2.6).
struct HealthCheck {
  enum class Type {
    kTcp,   // the port accepts a connection
    kHttp,  // GET answers with exactly `expect_status`, at most 5 redirects followed
    kSsh,   // `command` exits 0 on the worker
  };
  enum class Scheme { kHttp, kHttps };
  // From where tcp and http look: from here at the worker's address, or through a
  // channel of the worker's SSH session at its 127.0.0.1, for a port that a
  // firewall hides. An ssh check is always kSsh.
  enum class Via { kController, kSsh };

  Type type = Type::kTcp;
  int port = 0;           // resolved number; 0 = a port of the pool without its number yet
  std::string port_name;  // of `resources.ports`; empty for ssh
  std::string path = "/";
  Scheme scheme = Scheme::kHttp;
  int expect_status = 200;  // 100..599
  std::string command;      // read by /bin/sh; only ssh
  Via via = Via::kController;
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

struct HealthSpec {
  std::vector<HealthCheck> checks;  // empty = the job is `unprobed`
  Seconds timeout{5};               // of one probe
  int attempts = 30;                // a gate gives up after this many rounds
  Seconds interval{1};              // between two rounds of a gate
  friend bool operator==(const HealthSpec&, const HealthSpec&) = default;
};
// Fills in `port` of every check whose name `number_of` knows; the others stay as they are.
void resolve_ports(HealthSpec& spec,
                   const std::function<std::optional<int>(const std::string& name)>& number_of);
// A round of its probes needs an SSH session with the worker.
bool needs_ssh(const HealthSpec& spec);

// R2.9. A value of the block that is not built yet is refused at load.
struct RolloutPolicy {
  enum class Move { kStopFirst, kStartFirst };
  enum class OnFailure { kHold, kRollback };
  OnFailure on_failure = OnFailure::kHold;  // R2.6, R5.2
  int canary = 0;                           // so many go first, are gated and bake before the rest; 0 = none
  Seconds bake{0};                          // a batch stays healthy for so long after its gate
  int max_failures = 0;                     // allocations that may fail before the job's rollout stops
  std::optional<int> max_unavailable;       // unset = max(max_concurrent_upgrades, ceil(n / 4)) (R2.5)
  int attempts = 1;                         // >= 1 (R2.6)
  Move move = Move::kStopFirst;
  Seconds progress_timeout{600};  // time without one more healthy allocation
  // Within so long after its target an allocation is confirmed over a new connection, or its
  // worker goes back by itself; 0 = nothing of this.
  Seconds confirm{0};
  friend bool operator==(const RolloutPolicy&, const RolloutPolicy&) = default;
};

// `drift` of a manifest (R5.9).
struct DriftPolicy {
  bool status = false;              // `make status` is asked as well
  Seconds status_timeout{30};       // of it: `timeouts.status`
  std::vector<std::string> ignore;  // shipped files the application rewrites; patterns as in restart_globs
  friend bool operator==(const DriftPolicy&, const DriftPolicy&) = default;
};

// Make targets of the lifecycle. kNone: files only.
enum class Target { kNone, kStart, kStop, kRestart, kReload };
const char* to_string(Target target);  // "", "start", …
// Empty text and unknown words give kNone.
Target target_from(std::string_view word);

// The command of another job that a command needs (workspace.md 2.5).
struct CommandDemand {
  JobName job;
  std::string command;      // declared by `job`
  std::string min_version;  // inclusive; empty = no bound
  std::string max_version;
  std::string config = "{}";  // the whole `config` object as compact JSON
  friend bool operator==(const CommandDemand&, const CommandDemand&) = default;
};

// A hook of a job: a program under `_modules/` (workspace.md 2.5). So far only
// those that run at no event but `cli`.
struct JobCommand {
  std::string name;                 // command_…, of the grammar of job names
  std::vector<std::string> events;  // sorted, unique, never empty
  std::optional<CommandDemand> demand;
  friend bool operator==(const JobCommand&, const JobCommand&) = default;
};

// A certificate that every allocation of the job gets, signed by the bucket's CA, as
// `certs/<name>.crt` and `certs/<name>.key` (workspace.md 2.7, 12.2).
struct CertificateSpec {
  enum class Key { kEcdsaP256, kRsa4096 };
  std::string name;         // the grammar of job names; never "ca"
  std::string common_name;  // at most 64 characters; may be empty
  bool pkcs8 = false;       // how the key is written
  bool shared = false;      // `one`: one pair for all allocations, with all their names
  Key key = Key::kEcdsaP256;
  friend bool operator==(const CertificateSpec&, const CertificateSpec&) = default;
};

// This job needs `job`, at a version within inclusive bounds (workspace.md 5.1).
struct Demand {
  JobName job;
  std::string min_version;  // empty = no bound
  std::string max_version;
  friend bool operator==(const Demand&, const Demand&) = default;
};

// One entry of `files`: what files that match `pattern` have on the worker.
struct FileRule {
  std::string pattern;             // workspace.md 2.8
  std::optional<int> permissions;  // 0001..0777
  std::string owner;               // empty = not set
  std::string group;
  friend bool operator==(const FileRule&, const FileRule&) = default;
};

// A `.tpl` file of the job, rendered for each allocation (workspace.md 7.1).
struct JobTemplate {
  std::string path;  // of what it is rendered to: without `.tpl`
  FileMode mode = FileMode::kRegular;
  TemplatePtr parsed;  // never null
};

struct JobCatalogue;  // prometheus/catalogue.h

struct Job {
  JobName name;
  std::string version;          // raw text, trimmed; "0.0.0" when blank or "unknown" (workspace.md 2.4)
  JobName renamed_from;         // the job whose allocations become this one's; empty = none
  bool version_stated = false;  // neither blank nor "unknown"; demands need it (workspace.md 5.1)
  std::vector<std::string> selectors;  // ANDed; defaults to the job's own name
  int max_concurrent_starts = 0;       // 0 = all at once
  int max_concurrent_upgrades = 1;     // >= 1
  int min_allocations = 0;
  RestartPolicy restart_policy = RestartPolicy::kAlways;
  std::vector<std::string> restart_globs;
  Resources resources;
  Reservation reservation;
  HealthSpec health;
  RolloutPolicy rollout;
  DriftPolicy drift;
  std::map<Target, Seconds> timeouts;  // only those the manifest names
  std::vector<JobCommand> commands;    // sorted by name
  std::vector<Demand> demands;         // of its commands; sorted by job, unique (R2.8)
  std::vector<CertificateSpec> certs;  // sorted by name
  TreeId tree;                         // the hold key (R5.3): see hold_key.h
  FileSetPtr files;                    // those that are shipped as they are; never null
  std::vector<JobTemplate> templates;  // sorted by path; no path is one of `files`
  std::vector<FileRule> file_rules;
  std::map<std::string, std::string> vars;            // vars.toml
  std::map<std::string, std::string> sealed_secrets;  // secrets.age.toml, as it is: core/git_secrets.h
  // What `_prometheus/` says; null = there is no such directory. Judged only where
  // some job is a Prometheus server (workspace.md 13.1).
  std::shared_ptr<const JobCatalogue> catalogue;
  bool is_prometheus = false;  // ships prometheus.yml or prometheus.yml.tpl
};

// ---- disabled.json (workspace.md 3.3) --------------------------------------

struct Disabled {
  std::vector<WorkerHost> workers;
  std::map<JobName, std::vector<WorkerHost>> jobs;  // empty list = every allocation of the job
  bool covers(const AllocationKey& key) const;
};

}  // namespace maand
