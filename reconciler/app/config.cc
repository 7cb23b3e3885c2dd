#include "reconciler/app/config.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "reconciler/app/config_file.h"
#include "reconciler/app/config_keys.h"
#include "reconciler/app/config_values.h"
#include "reconciler/core/outbound_rules.h"
#include "reconciler/core/preview/preview_refs.h"

namespace maand {
namespace {

constexpr std::string_view kPrefix = "MAAND__";

// MAAND__SSH__MAX_STARTING → ssh.max_starting; MAAND__NAME → name.
std::string key_of_variable(std::string_view variable) {
  std::string name(variable.substr(kPrefix.size()));
  if (const std::size_t cut = name.find("__"); cut != std::string::npos) name.replace(cut, 2, ".");
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name;
}

// Only this form is ours: Kubernetes puts MAAND_PORT and the like into the environment.
std::vector<GivenKey> read_environment(const Environment& environment) {
  std::vector<GivenKey> out;
  for (const auto& [variable, text] : environment) {
    if (!variable.starts_with(kPrefix)) continue;
    ConfigValue value;
    value.kind = ConfigValue::Kind::kWord;
    value.text = trimmed(text);
    out.push_back({key_of_variable(variable), "environment", variable, std::move(value)});
  }
  return out;
}

void report_unknown(const GivenKey& given, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const ConfigKey& key : config_keys()) known.emplace_back(key.name);
  const std::string near = nearest(given.name, known);
  diagnostics.error(
      given.where, given.field, "there is no such key",
      near.empty() ? "take it out, or see `maand schema conf`" : "did you mean `" + near + "`?");
}

// Who writes a secret where the name of its file belongs need not read it in a log.
std::string shown_of(const GivenKey& given) {
  const bool secret = (given.name.starts_with("notify.") || given.name.starts_with("webhook.")) &&
                      given.name.ends_with("_file");
  return secret ? "the value (not shown: it may be a secret)" : shown(given.value);
}

// Applies one key. The later of two givers wins; two in the file are an error.
void apply(const GivenKey& given, Config& config, Diagnostics& diagnostics) {
  const ConfigKey* key = find_config_key(given.name);
  if (!key) {
    report_unknown(given, diagnostics);
  } else if (!key->set(config, given.value)) {
    diagnostics.error(given.where, given.field, shown_of(given) + " is not accepted",
                      "write " + std::string(key->accepts));
  } else if (const char* what = key->unbuilt ? key->unbuilt(given.value) : nullptr) {
    diagnostics.error(given.where, given.field,
                      shown(given.value) + " asks for something that is not built yet: " + what,
                      "take the key out; this maand would not do what it says");
  }
}

const GivenKey* find_given(const std::vector<GivenKey>& all, std::string_view name) {
  const auto it = std::find_if(all.begin(), all.end(), [&](const GivenKey& key) { return key.name == name; });
  return it == all.end() ? nullptr : &*it;
}

// A flat key and its section's key at once: nobody could say which one is meant.
void report_aliases_given_twice(const std::vector<GivenKey>& file, Diagnostics& diagnostics) {
  for (const ConfigKey& key : config_keys()) {
    const GivenKey* flat = key.alias_of ? find_given(file, key.name) : nullptr;
    const GivenKey* modern = flat ? find_given(file, key.alias_of) : nullptr;
    if (!modern) continue;
    diagnostics.error(flat->where, flat->field,
                      "is the old name of `" + std::string(key.alias_of) + "`, which is given as well (" +
                          modern->where + ")",
                      "keep one of them");
  }
}

// In an original bucket sudo is off unless the file says otherwise, although its
// documentation says on; here it is on. A file with one of its ssh keys is
// taken as it was meant.
void keep_original_sudo(const std::vector<GivenKey>& file, Config& config, Diagnostics& diagnostics) {
  if (find_given(file, "use_sudo") || find_given(file, "ssh.use_sudo")) return;
  for (const char* name : {"ssh_user", "ssh_key", "ssh_port"}) {
    const GivenKey* original = find_given(file, name);
    if (!original) continue;
    config.ssh.use_sudo = false;
    diagnostics.warning(original->where, "use_sudo",
                        "is not set, and in the file of an original maand bucket that means false",
                        "write `use_sudo = false` or `use_sudo = true`");
    return;
  }
}

}  // namespace

Environment process_environment() {
  Environment out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

LoadedConfig parse_config(std::string_view text, const std::string& file, const Environment& environment) {
  LoadedConfig out;
  const std::vector<GivenKey> from_file = read_toml(text, file, out.diagnostics);
  report_aliases_given_twice(from_file, out.diagnostics);
  keep_original_sudo(from_file, out.config, out.diagnostics);
  for (const GivenKey& given : from_file) apply(given, out.config, out.diagnostics);
  for (const GivenKey& given : read_environment(environment)) apply(given, out.config, out.diagnostics);
  const Config::Git& git = out.config.git;
  check_preview_patterns(git.preview_refs,
                         git.branch.starts_with("refs/") ? git.branch : "refs/heads/" + git.branch,
                         git.notes_ref, out.diagnostics);
  return out;
}

LoadedConfig load_config(const std::filesystem::path& bucket, const Environment& environment) {
  const std::filesystem::path path = bucket / "maand.conf";
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) text.assign(std::istreambuf_iterator<char>(in), {});
  if (!in || in.bad()) {
    LoadedConfig out;
    out.diagnostics.error(path.string(), "", "cannot be read",
                          "make a bucket with `maand init --repo URL`, or name one with --bucket");
    return out;
  }
  return parse_config(text, "maand.conf", environment);
}

void require_whole_notify(const Config::Notify& notify, Diagnostics& diagnostics) {
  const auto error = [&](const char* field, const char* what, const char* to_do) {
    diagnostics.error("maand.conf", field, what, to_do);
  };
  if (notify.webhook_url.empty() != notify.webhook_secret_file.empty()) {
    error(notify.webhook_url.empty() ? "notify.webhook_url" : "notify.webhook_secret_file",
          "is not set, and its counterpart is",
          "the webhook takes both: where to, and the secret that signs what is sent");
  }
  const bool mail = !notify.mail_to.empty() || !notify.mail_from.empty() || !notify.smtp_url.empty();
  if (mail && (notify.mail_to.empty() || notify.mail_from.empty() || notify.smtp_url.empty())) {
    error(notify.mail_to.empty()     ? "notify.mail_to"
          : notify.mail_from.empty() ? "notify.mail_from"
                                     : "notify.smtp_url",
          "is not set", "mail takes all three: notify.mail_to, notify.mail_from and notify.smtp_url");
  }
  if (notify.smtp_user.empty() != notify.smtp_password_file.empty()) {
    error(notify.smtp_user.empty() ? "notify.smtp_user" : "notify.smtp_password_file",
          "is not set, and its counterpart is", "a login takes both; without either nobody logs in");
  }
  if (!notify.smtp_user.empty() && notify.smtp_starttls == false && notify.smtp_url.starts_with("smtp://") &&
      !is_loopback_host(host_of_url(notify.smtp_url))) {
    error("notify.smtp_starttls", "is false, so that everybody on the way would read the password",
          "take it out, or use smtps://");
  }
}

void require_for_serve(const Config& config, Diagnostics& diagnostics) {
  require_whole_notify(config.notify, diagnostics);
  if (config.bucket_id.empty()) {
    diagnostics.error(
        "maand.conf", "bucket_id", "is not set",
        "`maand init` writes one; keep it for ever, it names this bucket's files on every worker");
  }
  if (config.git.url.empty()) {
    diagnostics.error("maand.conf", "git.url", "is not set", "write the repository's URL: [git] url = \"…\"");
  }
  if (config.policy.verify != Config::Policy::Verify::kNone && config.policy.keyring.empty() &&
      config.policy.allowed_signers.empty()) {
    diagnostics.error(
        "maand.conf", "policy.verify",
        "asks for signatures, and nothing says whose, so that no commit could ever be applied",
        "name a file under secrets/ in policy.keyring (OpenPGP) or policy.allowed_signers (SSH)");
  }
  if (config.http.tls_cert.empty() != config.http.tls_key.empty()) {
    diagnostics.error("maand.conf", config.http.tls_cert.empty() ? "http.tls_cert" : "http.tls_key",
                      "is not set, and its counterpart is", "TLS takes both: the certificate and its key");
  }
  if (!is_loopback_listener(config.http.listen) && config.http.tls_cert.empty() &&
      !config.http.allow_plaintext) {
    diagnostics.error(
        "maand.conf", "http.listen",
        "is reachable from other hosts, and there is no TLS, so that everybody on the way would "
        "read the tokens",
        "set http.tls_cert and http.tls_key; or http.allow_plaintext = true when a proxy in "
        "front speaks TLS; or listen on 127.0.0.1");
  }
}

}  // namespace maand
