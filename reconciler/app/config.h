// maand.conf + environment → Config. interface.md has the list of keys; here
// stands what each default costs and buys.
//
// Precedence: environment (`MAAND__SECTION__KEY`), then the file, then the
// defaults below. All problems are told at once. A key of something that is not
// built yet is known; setting it to what would need that thing is refused by
// name, so that nobody believes in a protection that is not there.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/drift.h"
#include "reconciler/core/failure_budget.h"
#include "reconciler/core/forge/provider.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/notice/urgency.h"

namespace maand {

using Milliseconds = std::chrono::milliseconds;

struct Config {
  BucketId bucket_id;          // written by init; fixed at the first apply; part of every remote path
  std::string name = "maand";  // how notes and logs call this bucket
  std::string worker_root = "/opt/worker";  // on workers; fixed at the first apply
  std::string job_config_selector;          // picks bucket.jobs.<selector>.conf
  int certs_ttl_days = 60;
  int certs_renewal_buffer_days = 0;
  enum class LogFormat { kText, kJson } log_format = LogFormat::kText;

  struct Ssh {
    std::string user = "agent";
    std::string key = "worker.key";  // under secrets/, or "agent"
    int port = 22;
    bool use_sudo = true;  // see config.cc for the files of an original bucket
    std::string jump;      // user@host:port; empty = connect directly
    // Strict costs one `maand worker trust` (or a host_key in git) per worker;
    // accept-new believes whoever answers first.
    enum class HostKeys { kStrict, kAcceptNew } host_keys = HostKeys::kStrict;
    // Of TCP connect, handshake and authentication together. Shorter gives up on
    // slow links; longer keeps a slot of max_starting busy with a dead worker.
    Milliseconds connect_timeout{15'000};
    // Where independent jobs would wait for one another on a worker. sshd allows
    // 10 (MaxSessions); each costs about 75 KiB here and a process there.
    int sessions_per_worker = 4;
    // Connections that are starting at once. More runs into sshd's MaxStartups
    // (10:30:100) where workers share a bastion; fewer slows the first contact.
    int max_starting = 16;
  } ssh;

  struct Git {
    std::string url;
    std::string branch = "main";
    std::string path = "workspace";  // of the workspace in the repository; "" = its root
    // One ls-remote each time, ±5 % (R1.1). Shorter follows faster without a
    // webhook and may meet the host's rate limit.
    Milliseconds poll_interval{60'000};
    Milliseconds stall_timeout{60'000};     // no byte for so long: given up and tried again
    Milliseconds clone_timeout{1'800'000};  // of one whole clone or fetch
    std::string ssh_key = "git.key";        // under secrets/, or "agent"
    std::string username;                   // for https; empty = "git"
    std::string token_file;                 // under secrets/
    std::string known_hosts;                // file under secrets/; empty = secrets/known_hosts
    std::string ca_file;                    // empty = the system's
    std::string notes_ref = "refs/notes/maand";
    bool push_notes = true;
    enum class Notes { kAll, kChanges, kOff } notes = Notes::kAll;  // R4.3
    std::string notes_url;                                          // empty = url
    // Refs with proposed changes: what merging them would do is told on their commits,
    // with `*` for one or more characters but `/`. Whoever may push there has templates
    // rendered here, without secrets and within `limits.preview_*` (docs/previews.md).
    std::vector<std::string> preview_refs;
  } git;

  struct Policy {
    // R1.5. Head believes whoever signed the head for all that it brings; strict wants every
    // commit of the first-parent chain signed, and costs a process for each.
    enum class Verify { kNone, kHead, kStrict } verify = Verify::kNone;
    std::string keyring;          // OpenPGP keys under secrets/, binary or armoured
    std::string allowed_signers;  // as ssh-keygen(1) has them, under secrets/
    std::string revoked_signers;  // SSH keys or a KRL, under secrets/
    // R1.4; unset: hold where signatures are required, else accept.
    enum class OnRewrite { kAccept, kHold };
    std::optional<OnRewrite> on_history_rewrite;
    // Share of the running allocations that one commit may stop (R5.1), or their number. Lower
    // catches more mistakes and stops more intended clear-outs for a release.
    double max_removals = 0.5;
    std::optional<int> max_removals_count;
    // Failure budget of one commit over all jobs: once more allocations than this have
    // failed, no further job begins and those under way stop. Workers that cannot be
    // used are counted apart. Unset: no limit; every job has its own (R2.6).
    Allowance max_failures;
    Allowance max_workers_aside;
  } policy;

  struct Rollout {
    // Workers with an operation in flight. More is faster on big fleets and costs
    // a thread and a session each.
    int max_parallel_workers = 64;
    Milliseconds lifecycle_timeout{600'000};  // of one Make target, where the manifest says nothing
    // After SIGTERM (R7.1). Targets go on on their workers either way; longer
    // only lets more of them be recorded before leaving.
    Milliseconds shutdown_grace{10'000};
    // A worker that left and cannot be reached is a trouble of every pass for so long;
    // then what is on it is abandoned, and tried at drift.interval (R3.9).
    Milliseconds removal_grace{900'000};
  } rollout;

  struct Http {
    // Beyond loopback it needs tokens and TLS (R6.2). "" = no API over TCP.
    std::string listen = "127.0.0.1:8484";
    std::string health_listen = "127.0.0.1:8485";  // any address; says nothing secret; "" = none
    std::string webhook_listen;                    // any address; "" = no webhooks (R6.3)
    std::string tokens_file = "tokens";            // under secrets/; "" = nobody has one
    std::string tls_cert;                          // PEM, with its chain, under secrets/; "" = plain HTTP
    std::string tls_key;                           // PEM, under secrets/
    // The API beyond loopback without TLS of its own, for a proxy in front that
    // speaks it. Without such a proxy everybody on the way reads the tokens.
    bool allow_plaintext = false;
  } http;

  // Files under secrets/ with the secrets shared with each git host, one a line;
  // empty: its webhooks are answered 404.
  struct Webhook {
    std::string github_secret_file;
    std::string gitlab_secret_file;
    std::string gitea_secret_file;  // Forgejo and Gogs as well
    std::string bitbucket_secret_file;
    std::string generic_secret_file;
  } webhook;

  // Whether a git host is told what became of a commit (docs/commit-statuses.md).
  struct CommitStatus {
    std::optional<ForgeProvider> provider;  // notify.commit_status; none: "off"
    std::string url;               // of the host as in a browser, or of its API; empty: follows from git.url
    std::string repository;        // as the host calls it; empty: follows from git.url
    std::string token_file;        // under secrets/
    bool preview_comments = true;  // one comment on each request that is previewed (git.preview_refs)
    std::string context;           // what the status is called there; empty: maand/<name>
  } commit_status;

  // Word to people and programs (docs/notifications.md). A channel is there when its
  // address is; secrets are files under secrets/, never values.
  struct Notify {
    // What is less is not told. "info" is a message for every rollout as well.
    Urgency severity = Urgency::kWarning;
    std::string slack_url_file;  // an incoming webhook of Slack or what reads the same
    std::string webhook_url;     // the generic one; signed with the secret
    std::string webhook_secret_file;
    std::vector<std::string> mail_to;
    std::string mail_from;
    std::string smtp_url;  // smtp://host:port or smtps://host:port
    std::string smtp_user;
    std::string smtp_password_file;
    // Of smtp://: unset is yes, but for a server on loopback, whose certificate is
    // mostly nobody's. Without it everybody on the way reads password and mail.
    std::optional<bool> smtp_starttls;
    std::string link;     // of the dashboard, in every message
    std::string ca_file;  // empty = the system's
  } notify;

  // Commands of jobs (docs/hooks.md). Whoever may push to the branch runs programs on this
  // host with them, so nothing runs until an operator says so.
  struct Hooks {
    bool enabled = false;
    std::string user;               // whom they run as; empty = whoever the daemon runs as
    std::string sandbox = "none";   // or "bwrap"
    bool expose_key = false;        // the key of the workers, to scripts that look for the file
    int port = 8080;                // of their API, on loopback; scripts that name no other use 8080
    Milliseconds timeout{600'000};  // of one command on one allocation
  } hooks;

  // R5.8: each running allocation of a job with checks is probed once in it, spread
  // over it, also when nothing is committed; three failures in a row are told.
  // Shorter notices sooner. tcp and http checks cost the worker one connection to
  // the probed port. A check of type ssh, or with `"via": "ssh"`, costs a login per
  // worker and interval (3 ms of our CPU, some 20 of the worker's); without such
  // checks probing opens no SSH connection at all. At least 1 s.
  Milliseconds health_interval{60'000};
  Milliseconds drift_interval{3'600'000};  // R5.9
  DriftMode drift_mode = DriftMode::kReport;
  std::uint64_t max_file_bytes = 256ull << 20;  // R3.3; one larger file breaks its job
  // A larger delivery is refused unread (R6.3), and polling finds its commit. A push of
  // thousands of commits has several MiB; more costs memory for each request at a time.
  std::uint64_t max_webhook_bytes = 5ull << 20;
  // R7.3: claim workers of a lost store without an operator, once every listed one has
  // answered. Lower care: a second controller made by mistake would do so, too.
  bool automatic_recovery = false;
  // Previews: of one judging, by the clock (its CPU time as well) and in memory; of one
  // fetch; and how many refs are looked at. More sees through larger changes and costs
  // that much when somebody plays with it.
  Milliseconds preview_timeout{30'000};
  std::uint64_t max_preview_memory = 1ull << 30;
  std::uint64_t max_preview_bytes = 64ull << 20;
  int max_previews = 20;
  std::string state_path = "data/state.db";  // relative to the bucket, or absolute
};

using Environment = std::map<std::string, std::string>;
Environment process_environment();

struct LoadedConfig {
  Config config;            // defaults where a key was wrong
  Diagnostics diagnostics;  // path `maand.conf:LINE` or `environment`
};

// From text; `file` names it in diagnostics. Pure.
LoadedConfig parse_config(std::string_view text, const std::string& file, const Environment& environment);

// From `bucket`/maand.conf. A missing or unreadable file is a diagnostic.
LoadedConfig load_config(const std::filesystem::path& bucket, const Environment& environment);

// Settings of [notify] that go together only in part.
void require_whole_notify(const Config::Notify& notify, Diagnostics& diagnostics);

// What the daemon needs beyond what a command that only reads does: bucket_id and git.url.
void require_for_serve(const Config& config, Diagnostics& diagnostics);

}  // namespace maand
