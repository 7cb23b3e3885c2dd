#include "reconciler/app/config_keys.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "reconciler/app/config_puts.h"
#include "reconciler/core/git_ref.h"

namespace maand {
namespace {

using V = ConfigValue;

bool is_name(const std::string& text) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 63 && word(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return word(c) || c == '_' || c == '.' || c == '-'; });
}

// No empty, `.` or `..` component.
bool is_clean_path(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(slash);
    if (path == "/") return false;
    if (!path.empty()) path.remove_prefix(1);
  }
  return true;
}

bool put_url(std::string& target, const V& v, bool may_be_empty) {
  const auto text = as_text(v);
  if (!text) return false;
  // A URL is shown in logs, status and errors; a password in it would be as well.
  if (const std::size_t scheme = text->find("://"); scheme != std::string::npos) {
    const std::size_t end = std::min(text->find('/', scheme + 3), text->size());
    const std::string authority = text->substr(scheme + 3, end - scheme - 3);
    const std::size_t at = authority.rfind('@');
    // Over http the user alone may be a token; over ssh it is a name.
    if (at != std::string::npos && (text->starts_with("http") || authority.find(':') < at)) return false;
  }
  return put_text(target, v, may_be_empty);
}

bool split_listener(const std::string& listen, std::string& host, int& port) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  host = listen.substr(0, colon);
  const char* end = listen.data() + listen.size();
  const auto result = std::from_chars(listen.data() + colon + 1, end, port);
  return result.ec == std::errc{} && result.ptr == end && port >= 0 && port <= 65535;
}

bool put_listener(std::string& target, const V& v) {
  const auto text = as_text(v);
  std::string host;
  int port = 0;
  if (!text || (!text->empty() && !split_listener(*text, host, port))) return false;
  return put_text(target, v);
}

constexpr const char* kDuration = "a duration greater than zero like \"250ms\", \"15s\", \"10m\" or \"1h\"";
constexpr const char* kUrl =
    "a URL without user or password in it (they would be shown in logs): name the user in git.username, put "
    "the "
    "password or token into a file under secrets/ and name that in git.token_file";
constexpr const char* kListener = "an address and a port like \"127.0.0.1:8484\", or \"\" for none";
constexpr const char* kDays = "a whole number of days from 0 to 36500";

const ConfigKey kKeys[] = {
    {"bucket_id", "letters, digits, `_`, `.` and `-`, at most 63, beginning with a letter or digit",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && is_name(*text) && put(c.bucket_id, text);
     }},
    {"name", "a text of 1 to 63 characters on one line",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && text->size() <= 63 && put_text(c.name, v, false);
     }},
    {"worker_root", "an absolute path without `.` and `..`, not `/`",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && text->size() > 1 && (*text)[0] == '/' &&
              is_clean_path(std::string_view(*text).substr(1)) && put_text(c.worker_root, v);
     }},
    {"job_config_selector", "a text in quotes without `/`; it names bucket.jobs.<selector>.conf",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && text->find('/') == std::string::npos && put_text(c.job_config_selector, v);
     }},
    {"certs_ttl", kDays,
     [](Config& c, const V& v) {
       const auto days = as_integer(v, 0, 36500);
       return put(c.certs_ttl_days, days == 0 ? std::optional<std::int64_t>(60) : days);
     }},
    {"certs_renewal_buffer", kDays,
     [](Config& c, const V& v) { return put(c.certs_renewal_buffer_days, as_integer(v, 0, 36500)); }},
    {"log_format", "\"text\" (or \"kv\") or \"json\" (or \"jsonl\")",
     [](Config& c, const V& v) {
       using F = Config::LogFormat;
       return put_word(
           c.log_format, v,
           {{"text", F::kText}, {"kv", F::kText}, {"", F::kText}, {"json", F::kJson}, {"jsonl", F::kJson}});
     }},

    {"ssh.user", "the name of a user on the workers",
     [](Config& c, const V& v) { return put_text(c.ssh.user, v, false); }},
    {"ssh.key", "the name of a file directly under secrets/, or \"agent\"",
     [](Config& c, const V& v) { return put_secret_name(c.ssh.key, v, false); }},
    {"ssh.port", "a number from 0 to 65535; 0 is 22",
     [](Config& c, const V& v) {
       const auto port = as_integer(v, 0, 65535);
       return put(c.ssh.port, port == 0 ? std::optional<std::int64_t>(22) : port);
     }},
    {"ssh.use_sudo", kBool, [](Config& c, const V& v) { return put(c.ssh.use_sudo, as_bool(v)); }},
    {"ssh.jump", "a bastion like \"user@host:22\", or \"\" for none",
     [](Config& c, const V& v) { return put_text(c.ssh.jump, v); }},
    {"ssh.host_key_policy", "\"strict\" or \"accept-new\"",
     [](Config& c, const V& v) {
       using K = Config::Ssh::HostKeys;
       return put_word(c.ssh.host_keys, v, {{"strict", K::kStrict}, {"accept-new", K::kAcceptNew}});
     }},
    {"ssh.connect_timeout", kDuration,
     [](Config& c, const V& v) { return put(c.ssh.connect_timeout, as_duration(v)); }},
    {"ssh.sessions_per_worker", "a number from 1 to 64",
     [](Config& c, const V& v) { return put(c.ssh.sessions_per_worker, as_integer(v, 1, 64)); }},
    {"ssh.max_starting", "a number from 1 to 256",
     [](Config& c, const V& v) { return put(c.ssh.max_starting, as_integer(v, 1, 256)); }},

    {"git.url", kUrl, [](Config& c, const V& v) { return put_url(c.git.url, v, false); }},
    {"git.branch", "the name of a branch that git allows",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && is_branch_name(*text) && put_text(c.git.branch, v, false);
     }},
    {"git.path", "a path in the repository without leading `/`, `.` and `..`; \"\" is its root",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && is_clean_path(*text) && put_text(c.git.path, v);
     }},
    {"git.poll_interval", kDuration,
     [](Config& c, const V& v) { return put(c.git.poll_interval, as_duration(v)); }},
    {"git.stall_timeout", kDuration,
     [](Config& c, const V& v) { return put(c.git.stall_timeout, as_duration(v)); }},
    {"git.clone_timeout", kDuration,
     [](Config& c, const V& v) { return put(c.git.clone_timeout, as_duration(v)); }},
    {"git.ssh_key", "the name of a file directly under secrets/, or \"agent\"",
     [](Config& c, const V& v) { return put_secret_name(c.git.ssh_key, v, false); }},
    {"git.username", kText, [](Config& c, const V& v) { return put_text(c.git.username, v); }},
    {"git.token_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.git.token_file, v, true); }},
    {"git.known_hosts", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.git.known_hosts, v, true); }},
    {"git.ca_file", "the path of a file with certificates, or \"\" for the system's",
     [](Config& c, const V& v) { return put_text(c.git.ca_file, v); }},
    {"git.notes_ref", "a ref below refs/notes/",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && text->starts_with("refs/notes/") && is_clean_path(*text) &&
              put_text(c.git.notes_ref, v);
     }},
    {"git.push_notes", kBool, [](Config& c, const V& v) { return put(c.git.push_notes, as_bool(v)); }},
    {"git.notes", "\"all\", \"changes\" or \"off\"",
     [](Config& c, const V& v) {
       using N = Config::Git::Notes;
       return put_word(c.git.notes, v, {{"all", N::kAll}, {"changes", N::kChanges}, {"off", N::kOff}});
     }},
    {"git.notes_url", kUrl, [](Config& c, const V& v) { return put_url(c.git.notes_url, v, true); }},
    {"git.preview_refs", "a list of refs like [\"refs/pull/*/head\"]",
     [](Config& c, const V& v) { return put(c.git.preview_refs, as_list(v)); }},

    {"policy.verify", "\"none\", \"head\" or \"strict\"",
     [](Config& c, const V& v) {
       using P = Config::Policy::Verify;
       return put_word(c.policy.verify, v, {{"none", P::kNone}, {"head", P::kHead}, {"strict", P::kStrict}});
     }},
    {"policy.allowed_signers", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.policy.allowed_signers, v, true); }},
    {"policy.revoked_signers", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.policy.revoked_signers, v, true); }},
    {"policy.keyring", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.policy.keyring, v, true); }},
    {"policy.on_history_rewrite", "\"accept\" or \"hold\"",
     [](Config& c, const V& v) {
       using R = Config::Policy::OnRewrite;
       R meant{};
       if (!put_word(meant, v, {{"accept", R::kAccept}, {"hold", R::kHold}})) return false;
       c.policy.on_history_rewrite = meant;
       return true;
     }},
    {"policy.max_removals", "a share from \"0%\" to \"100%\", or a number from 0 to 1000000",
     [](Config& c, const V& v) {
       const auto count = as_integer(v, 0, 1'000'000);
       c.policy.max_removals_count.reset();
       if (count) c.policy.max_removals_count = static_cast<int>(*count);
       return count.has_value() || put(c.policy.max_removals, as_share(v));
     }},
    {"policy.max_failures", "a number of allocations, or a share of them like \"10%\"",
     [](Config& c, const V& v) { return put(c.policy.max_failures, as_allowance(v)); }},
    {"policy.max_workers_aside", "a number of workers, or a share of them like \"25%\"",
     [](Config& c, const V& v) { return put(c.policy.max_workers_aside, as_allowance(v)); }},

    {"rollout.removal_grace", kDuration,
     [](Config& c, const V& v) { return put(c.rollout.removal_grace, as_duration(v)); }},
    {"rollout.max_parallel_workers", "a number from 1 to 1024",
     [](Config& c, const V& v) { return put(c.rollout.max_parallel_workers, as_integer(v, 1, 1024)); }},
    {"rollout.lifecycle_timeout", kDuration,
     [](Config& c, const V& v) { return put(c.rollout.lifecycle_timeout, as_duration(v)); }},
    {"rollout.shutdown_grace", kDuration,
     [](Config& c, const V& v) { return put(c.rollout.shutdown_grace, as_duration(v)); }},

    {"http.listen", kListener, [](Config& c, const V& v) { return put_listener(c.http.listen, v); }},
    {"http.health_listen", kListener,
     [](Config& c, const V& v) { return put_listener(c.http.health_listen, v); }},
    {"http.webhook_listen", kListener,
     [](Config& c, const V& v) { return put_listener(c.http.webhook_listen, v); }},
    {"http.tokens_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.http.tokens_file, v, true); }},
    {"http.tls_cert", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.http.tls_cert, v, true); }},
    {"http.tls_key", kSecret, [](Config& c, const V& v) { return put_secret_name(c.http.tls_key, v, true); }},
    {"http.allow_plaintext", kBool,
     [](Config& c, const V& v) { return put(c.http.allow_plaintext, as_bool(v)); }},

    {"webhook.github_secret_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.webhook.github_secret_file, v, true); }},
    {"webhook.gitlab_secret_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.webhook.gitlab_secret_file, v, true); }},
    {"webhook.gitea_secret_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.webhook.gitea_secret_file, v, true); }},
    {"webhook.bitbucket_secret_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.webhook.bitbucket_secret_file, v, true); }},
    {"webhook.generic_secret_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.webhook.generic_secret_file, v, true); }},

    {"hooks.enabled", kBool, [](Config& c, const V& v) { return put(c.hooks.enabled, as_bool(v)); }},
    {"hooks.user", "the name of a user on this host",
     [](Config& c, const V& v) { return put_text(c.hooks.user, v); }},
    {"hooks.sandbox", "\"none\" or \"bwrap\"",
     [](Config& c, const V& v) {
       return put_word<std::string>(c.hooks.sandbox, v, {{"none", "none"}, {"bwrap", "bwrap"}});
     }},
    {"hooks.expose_key", kBool, [](Config& c, const V& v) { return put(c.hooks.expose_key, as_bool(v)); }},
    {"hooks.port", "a number from 1 to 65535",
     [](Config& c, const V& v) { return put(c.hooks.port, as_integer(v, 1, 65535)); }},
    {"hooks.timeout", kDuration, [](Config& c, const V& v) { return put(c.hooks.timeout, as_duration(v)); }},

    {"health.interval", "a duration of at least 1 s, like \"60s\"",
     [](Config& c, const V& v) {
       const auto interval = as_duration(v);
       return put(c.health_interval,
                  interval && *interval >= std::chrono::seconds(1) ? interval : std::nullopt);
     }},
    {"drift.interval", "a duration of at least 1 s, like \"1h\"",
     [](Config& c, const V& v) {
       const auto interval = as_duration(v);
       return put(c.drift_interval,
                  interval && *interval >= std::chrono::seconds(1) ? interval : std::nullopt);
     }},
    {"drift.mode", "\"report\", \"heal\" or \"off\"",
     [](Config& c, const V& v) {
       using D = DriftMode;
       return put_word(c.drift_mode, v, {{"report", D::kReport}, {"heal", D::kHeal}, {"off", D::kOff}});
     }},

    {"limits.max_file_bytes", "a number of bytes, or a text like \"256MiB\"",
     [](Config& c, const V& v) { return put(c.max_file_bytes, as_bytes(v)); }},
    {"limits.preview_timeout", "a duration from 1 s to 10 min, like \"30s\"",
     [](Config& c, const V& v) {
       const auto time = as_duration(v);
       return time && *time >= std::chrono::seconds(1) && *time <= std::chrono::minutes(10) &&
              put(c.preview_timeout, time);
     }},
    {"limits.preview_memory", "a number of bytes of at least 256MiB, or a text like \"1GiB\"",
     [](Config& c, const V& v) {
       const auto bytes = as_bytes(v);
       return bytes && *bytes >= 256u << 20 && put(c.max_preview_memory, bytes);
     }},
    {"limits.preview_bytes", "a number of bytes of at least 1MiB, or a text like \"64MiB\"",
     [](Config& c, const V& v) {
       const auto bytes = as_bytes(v);
       return bytes && *bytes >= 1u << 20 && put(c.max_preview_bytes, bytes);
     }},
    {"limits.previews", "a number from 1 to 500",
     [](Config& c, const V& v) { return put(c.max_previews, as_integer(v, 1, 500)); }},
    {"limits.max_webhook_bytes", "a number of bytes from 1KiB to 32MiB, or a text like \"5MiB\"",
     [](Config& c, const V& v) {
       const auto bytes = as_bytes(v);
       return bytes && *bytes >= 1024 && *bytes <= 32u << 20 && put(c.max_webhook_bytes, bytes);
     }},

    {"state.url", "\"sqlite:PATH\", the path relative to the bucket, or \"postgresql://USER@HOST/DATABASE\"",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       if (!text) return false;
       if (text->starts_with("postgresql://") || text->starts_with("postgres://")) {
         c.state_path = *text;
         return true;
       }
       if (!text->starts_with("sqlite:") || text->size() == 7) return false;
       c.state_path = text->substr(7);
       return true;
     },
    },
    {"state.recovery", "\"manual\" or \"auto\"",
     [](Config& c, const V& v) { return put_word(c.automatic_recovery, v, {{"manual", false}, {"auto", true}}); }},

    // Flat keys of an original bucket keep their meaning (workspace.md 0.3).
    {"use_sudo", kBool, [](Config& c, const V& v) { return put(c.ssh.use_sudo, as_bool(v)); },
     "ssh.use_sudo"},
    {"ssh_user", "a text in quotes; blank is \"agent\"",
     [](Config& c, const V& v) {
       if (as_text(v) == "") return true;
       return put_text(c.ssh.user, v);
     },
     "ssh.user"},
    {"ssh_key", "the name of a file directly under secrets/",
     [](Config& c, const V& v) {
       if (as_text(v) == "") return true;
       return put_secret_name(c.ssh.key, v, false);
     },
     "ssh.key"},
    {"ssh_port", "a number up to 65535; 0 and less are 22",
     [](Config& c, const V& v) {
       const auto port = as_integer(v, INT64_MIN, 65535);
       return put(c.ssh.port, port && *port <= 0 ? std::optional<std::int64_t>(22) : port);
     },
     "ssh.port"},
};

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> kAll = [] {
    std::vector<ConfigKey> all(std::begin(kKeys), std::end(kKeys));
    const std::span<const ConfigKey> notify = notify_config_keys();
    all.insert(all.end(), notify.begin(), notify.end());
    return all;
  }();
  return kAll;
}

const ConfigKey* find_config_key(const std::string& name) {
  const std::span<const ConfigKey> keys = config_keys();
  const auto it =
      std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& key) { return name == key.name; });
  return it == keys.end() ? nullptr : &*it;
}

bool is_loopback_listener(const std::string& listen) {
  if (listen.empty()) return true;
  std::string host;
  int port = 0;
  if (!split_listener(listen, host, port)) return false;
  if (host == "localhost" || host == "[::1]") return true;
  // `127.` and a digit-and-dot rest; `127.evil.example` is a name.
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace maand
