#include "reconciler/cli/settings.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "reconciler/app/zone_files.h"
#include "reconciler/cli/secret_place.h"

namespace maand {
namespace {

// A file under secrets/, or "agent", which is no file.
std::string secret_file(const Bucket& bucket, const std::string& name) {
  if (name.empty() || name == "agent") return name;
  return secret_place(bucket, name).string();
}

// Empty when there is none.
std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

VerifyMode verify_mode(Config::Policy::Verify verify) {
  switch (verify) {
    case Config::Policy::Verify::kNone:
      break;
    case Config::Policy::Verify::kHead:
      return VerifyMode::kHead;
    case Config::Policy::Verify::kStrict:
      return VerifyMode::kStrict;
  }
  return VerifyMode::kNone;
}

std::string agent_socket() {
  const char* socket = std::getenv("SSH_AUTH_SOCK");
  return socket ? socket : "";
}

}  // namespace

GitOptions git_options(const Bucket& bucket) {
  const Config::Git& git = bucket.config.git;
  GitOptions options;
  options.url = git.url;
  options.branch = git.branch;
  options.mirror = bucket.mirror().string();
  // The default key is used when it is there: file:// and https:// need none.
  options.ssh_key = secret_file(bucket, git.ssh_key);
  if (options.ssh_key != "agent" && !std::filesystem::exists(options.ssh_key)) options.ssh_key.clear();
  options.known_hosts = secret_file(bucket, git.known_hosts.empty() ? "known_hosts" : git.known_hosts);
  options.username = git.username;
  options.token_file = secret_file(bucket, git.token_file);
  options.ca_file = git.ca_file;
  options.notes_ref = git.notes_ref;
  options.push_notes = git.push_notes;
  options.notes_url = git.notes_url;
  options.preview_refs = git.preview_refs;
  options.stall_timeout = git.stall_timeout;
  options.clone_timeout = git.clone_timeout;
  const Config::Policy& policy = bucket.config.policy;
  options.verify.keyring = secret_file(bucket, policy.keyring);
  options.verify.allowed_signers = secret_file(bucket, policy.allowed_signers);
  options.verify.revoked_signers = secret_file(bucket, policy.revoked_signers);
  options.bucket_id = bucket.config.bucket_id.str();
  options.bucket_name = bucket.config.name;
  return options;
}

SshOptions ssh_options(const Bucket& bucket) {
  const Config::Ssh& ssh = bucket.config.ssh;
  SshOptions options;
  options.secrets_dir = bucket.secrets();
  options.credentials_dir = handed_credentials();
  options.host_key_policy =
      ssh.host_keys == Config::Ssh::HostKeys::kAcceptNew ? HostKeyPolicy::kAcceptNew : HostKeyPolicy::kStrict;
  options.connect_timeout = ssh.connect_timeout;
  options.max_starting = ssh.max_starting;
  options.agent_socket = agent_socket();
  return options;
}

RemoteRunnerOptions runner_options(const Bucket& bucket) {
  RemoteRunnerOptions options;
  options.worker_root = bucket.config.worker_root;
  options.bucket_id = bucket.config.bucket_id;
  options.sessions_per_worker = bucket.config.ssh.sessions_per_worker;
  options.max_threads = bucket.config.rollout.max_parallel_workers;
  options.ca_file = secret_place(bucket, "ca.crt");
  return options;
}

PassSettings pass_settings(const Bucket& bucket) {
  const Config& config = bucket.config;
  PassSettings settings;
  settings.bucket = config.bucket_id;
  settings.bucket_name = config.name;
  settings.branch = config.git.branch;
  settings.plan.ssh = {config.ssh.port, config.ssh.user, config.ssh.key, config.ssh.jump,
                       config.ssh.use_sudo};
  settings.plan.lifecycle_timeout = std::chrono::duration_cast<Seconds>(config.rollout.lifecycle_timeout);
  settings.plan.max_removals = config.policy.max_removals;
  settings.automatic_recovery = config.automatic_recovery;
  settings.gone = {config.rollout.removal_grace, config.drift_interval};
  settings.rollout = {config.rollout.max_parallel_workers,
                      config.ssh.sessions_per_worker,
                      {config.policy.max_failures, config.policy.max_workers_aside}};
  settings.plan.max_removals_count = config.policy.max_removals_count;
  settings.verify = verify_mode(config.policy.verify);
  const auto on_rewrite = config.policy.on_history_rewrite;
  settings.hold_rewritten_history =
      on_rewrite ? *on_rewrite == Config::Policy::OnRewrite::kHold : settings.verify != VerifyMode::kNone;
  switch (config.git.notes) {
    case Config::Git::Notes::kAll:
      settings.notes = NotesMode::kAll;
      break;
    case Config::Git::Notes::kChanges:
      settings.notes = NotesMode::kChanges;
      break;
    case Config::Git::Notes::kOff:
      settings.notes = NotesMode::kOff;
      break;
  }
  return settings;
}

ReconcilerOptions reconciler_options(const Bucket& bucket) {
  ReconcilerOptions options;
  options.poll_interval = bucket.config.git.poll_interval;
  options.shutdown_grace = bucket.config.rollout.shutdown_grace;
  options.health = {bucket.config.health_interval, bucket.config.ssh.max_starting};
  options.drift.mode = bucket.config.drift_mode;
  options.drift.interval = bucket.config.drift_interval;
  if (bucket.config.http.webhook_listen.empty()) return options;
  for (const auto& [provider, file] : webhook_options(bucket).secret_files)
    options.webhooks.push_back(provider);
  return options;
}

WebhookOptions webhook_options(const Bucket& bucket) {
  const Config::Webhook& webhook = bucket.config.webhook;
  WebhookOptions options;
  options.listen = bucket.config.http.webhook_listen;
  options.ref = git_options(bucket).branch_ref();
  options.preview_refs = bucket.config.git.preview_refs;
  options.max_body_bytes = bucket.config.max_webhook_bytes;
  const std::pair<WebhookProvider, const std::string&> files[] = {
      {WebhookProvider::kGithub, webhook.github_secret_file},
      {WebhookProvider::kGitlab, webhook.gitlab_secret_file},
      {WebhookProvider::kGitea, webhook.gitea_secret_file},
      {WebhookProvider::kBitbucket, webhook.bitbucket_secret_file},
      {WebhookProvider::kGeneric, webhook.generic_secret_file}};
  for (const auto& [provider, name] : files) {
    if (!name.empty()) options.secret_files.emplace(provider, secret_place(bucket, name));
  }
  return options;
}

HookOptions hook_options(const Bucket& bucket) {
  const Config& config = bucket.config;
  HookOptions options;
  options.user = config.hooks.user;
  options.sandbox = config.hooks.sandbox == "bwrap" ? HookSandbox::kBwrap : HookSandbox::kNone;
  options.port = config.hooks.port;
  options.expose_key = config.hooks.expose_key;
  if (config.ssh.key != "agent") options.ssh_key = bucket.secrets() / config.ssh.key;
  options.ssh_user = config.ssh.user;
  options.use_sudo = config.ssh.use_sudo;
  options.worker_root = config.worker_root;
  options.scratch = bucket.data() / "hooks";
  options.sandbox_word = bucket.data() / "hooks.sandbox";
  options.workspace = bucket.directory / "workspace";
  return options;
}

HookRuns::Settings hook_run_settings(const Bucket& bucket) {
  return {bucket.config.git.path, std::chrono::ceil<std::chrono::seconds>(bucket.config.hooks.timeout)};
}

JudgeSettings judge_settings(const Bucket& bucket) {
  return {.root = bucket.config.git.path,
          .limits = workspace_limits(bucket),
          .bucket = bucket.config.bucket_id,
          .worker_root = bucket.config.worker_root,
          .ca_pem = read_file(secret_place(bucket, "ca.crt")),
          .hooks_enabled = bucket.config.hooks.enabled};
}

CertificateRules certificate_rules(const Bucket& bucket) {
  const auto days = [](int count) { return std::chrono::hours(24) * count; };
  return {days(bucket.config.certs_ttl_days), days(bucket.config.certs_renewal_buffer_days)};
}

GitPreviewOptions git_preview_options(const Bucket& bucket) {
  // A fetch may be slower than judging; of what is kept, half are closed requests.
  constexpr std::chrono::minutes kFetch{2};
  constexpr std::uint64_t kKept = 8;
  return {(bucket.data() / "previews.git").string(), bucket.config.max_preview_bytes,
          bucket.config.max_preview_bytes * kKept, kFetch};
}

PreviewChildOptions preview_child_options(const Bucket& bucket) {
  const JudgeSettings judge = judge_settings(bucket);
  const PlanSettings plan = pass_settings(bucket).plan;
  PreviewChildOptions options;
  options.timeout = bucket.config.preview_timeout;
  options.common.heading.bucket = bucket.config.bucket_id;
  options.common.heading.bucket_name = bucket.config.name;
  options.common.repository = git_preview_options(bucket).repository;
  options.common.mirror = bucket.mirror().string();
  options.common.store = bucket.store().string();
  options.common.root = judge.root;
  options.common.limits = judge.limits;
  options.common.worker_root = judge.worker_root;
  options.common.ca_pem = judge.ca_pem;
  options.common.hooks_enabled = judge.hooks_enabled;
  options.common.max_removals = plan.max_removals;
  options.common.max_removals_count = plan.max_removals_count.value_or(-1);
  options.common.lifecycle_timeout_s = plan.lifecycle_timeout.count();
  options.common.memory_bytes = bucket.config.max_preview_memory;
  return options;
}

PreviewSettings preview_settings(const Bucket& bucket) {
  PreviewSettings settings;
  settings.bucket = bucket.config.bucket_id;
  settings.notes = pass_settings(bucket).notes;
  settings.limits.most_refs = static_cast<std::size_t>(bucket.config.max_previews);
  return settings;
}

WorkspaceLimits workspace_limits(const Bucket& bucket) {
  static const ZoneFiles zones;  // reads files, keeps nothing
  return {bucket.config.max_file_bytes, bucket.config.job_config_selector, &zones};
}

}  // namespace maand
