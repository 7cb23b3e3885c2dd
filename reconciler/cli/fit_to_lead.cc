#include "reconciler/cli/fit_to_lead.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "reconciler/app/system_clock.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/unadopted.h"
#include "reconciler/core/certificate_plan.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/core/values.h"
#include "reconciler/store/bucket_authority.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> fixed_settings(const Bucket& bucket) {
  return {{"bucket_id", bucket.config.bucket_id.str()}, {"worker_root", bucket.config.worker_root}};
}

// Why what is sealed does not open here; one that opens is enough, for all have one key.
std::optional<std::string> sealed_for_others(Values& values) {
  for (const auto& [ns, keys] : values.snapshot()->namespaces) {
    for (const auto& [key, stored] : *keys) {
      if (!stored.secret || stored.deleted) continue;
      RevealedSecret revealed = values.reveal(stored);
      wipe(revealed.text);
      if (revealed.state == RevealedSecret::State::kOpened) return std::nullopt;
      return revealed.problem;
    }
  }
  return std::nullopt;
}

}  // namespace

void require_serveable(const Bucket& bucket) {
  refuse_unadopted_config(bucket);
  Diagnostics problems;
  require_for_serve(bucket.config, problems);
  if (in_postgres(bucket) && !bucket.config.git.preview_refs.empty()) {
    problems.error("maand.conf", "git.preview_refs", "previews are not built yet for a bucket in PostgreSQL",
                   "leave git.preview_refs out, or keep the state in a file");
  }
  const Config::Policy& policy = bucket.config.policy;
  for (const std::string& file : {policy.keyring, policy.allowed_signers, policy.revoked_signers}) {
    const bool needed = policy.verify != Config::Policy::Verify::kNone && !file.empty();
    if (needed && !std::filesystem::is_regular_file(secret_place(bucket, file)))
      problems.error("maand.conf", "policy", "secrets/" + file + " is not there",
                     "put the keys into that file");
  }
  std::string text;
  for (const Diagnostic& problem : problems.all()) text += (text.empty() ? "" : "\n") + to_string(problem);
  if (problems.has_errors()) throw CommandError(kExitUsage, text);
}

void require_fixed(const Bucket& bucket, Store& store) {
  for (const auto& [key, value] : fixed_settings(bucket)) {
    const std::optional<std::string> known = store.setting(key);
    if (!known || *known == value) continue;
    throw CommandError(kExitUsage,
                       "maand.conf: " + key + " is \"" + value + "\", but this bucket was applied with \"" +
                           *known + "\" — put the old value back, or make another bucket with `maand init`");
  }
}

void keep_fixed(const Bucket& bucket, Store& store) {
  for (const auto& [key, value] : fixed_settings(bucket)) {
    if (!store.setting(key)) store.put_setting(key, value);
  }
}

std::vector<std::string> lacking_secrets(const Bucket& bucket, const AppliedState& state) {
  std::vector<std::string> out;
  std::error_code ignored;
  const std::string& key = bucket.config.ssh.key;
  if (key != "agent" && !fs::exists(secret_place(bucket, key), ignored))
    out.push_back("secrets/" + key + " is not here, and no worker lets it in without");
  const std::unique_ptr<Values> values = open_values_readonly(bucket);
  if (auto problem = sealed_for_others(*values)) out.push_back(*std::move(problem));
  const BucketAuthority authority = open_bucket_authority(bucket.secrets())->authority(SystemClock().wall());
  if (!authority.problem.empty()) out.push_back(authority.problem);
  if (authority.absent && had_certificates(state, values->snapshot()))
    out.push_back("secrets/ca.crt and secrets/ca.key are not here, and certificates were issued with them");
  return out;
}

}  // namespace maand
