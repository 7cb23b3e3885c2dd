#include "reconciler/core/manifest.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "reconciler/core/file_rules.h"
#include "reconciler/core/glob.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"
#include "reconciler/core/version.h"

namespace maand {
namespace {

int clamp_int(std::int64_t value) {
  return static_cast<int>(
      std::clamp<std::int64_t>(value, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

// A version of the wrong type has been told of, and is not missing besides.
void parse_job_version(const JsonFields& fields, Job& job) {
  std::string text;
  const bool read = fields.read("version", text);
  text = std::string(trim(text));
  job.version_stated = fields.get("version") && !(read && (text.empty() || equal_fold(text, "unknown")));
  if (!read || !job.version_stated) return;
  if (!parse_version(text)) fields.at("version").error(quote(text) + " is no version", kVersionGrammar);
  job.version = text;
}

// Each is told of by itself, since each has to be met (workspace.md 5.1).
void derive_demands(const Site& site, Job& job) {
  for (const JobCommand& command : job.commands) {
    if (command.demand) {
      job.demands.push_back({command.demand->job, command.demand->min_version, command.demand->max_version});
    }
  }
  const auto key = [](const Demand& one) { return std::tie(one.job, one.min_version, one.max_version); };
  std::sort(job.demands.begin(), job.demands.end(),
            [&](const Demand& a, const Demand& b) { return key(a) < key(b); });
  job.demands.erase(std::unique(job.demands.begin(), job.demands.end()), job.demands.end());
  if (job.demands.empty() || job.version_stated) return;
  site.member("version").error("is missing, and the job demands " + printable(job.demands.front().job.str()),
                               std::string("a job with demands needs a version: ") + kVersionGrammar);
}

std::vector<std::string> parse_selectors(const JobName& name, const JsonFields& fields) {
  std::vector<std::string> given;
  fields.read("selectors", given);
  if (given.empty()) return {name.str()};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i].empty() || std::find(out.begin(), out.end(), given[i]) != out.end()) continue;
    if (given[i] != lower(trim(given[i]))) {
      fields.at("selectors")
          .item(i)
          .warning(quote(given[i]) + " matches no worker, since labels are lower-case",
                   "write " + quote(lower(trim(given[i]))));
    }
    out.push_back(given[i]);
  }
  if (out.empty()) {
    fields.at("selectors")
        .warning("holds only empty text, so the job matches no worker",
                 "name labels, or leave `selectors` out to select the job's own name");
  }
  return out;
}

// The field itself, or else the name that older workspaces use for it.
std::int64_t read_with_alias(const JsonFields& fields, std::string_view name, std::string_view alias,
                             std::int64_t otherwise) {
  std::int64_t value = otherwise;
  if (fields.get(alias)) {
    fields.at(alias).warning("is the deprecated name of `" + std::string(name) + "`",
                             "rename it to `" + std::string(name) + "`");
    fields.read(alias, value);
  }
  fields.read(name, value);
  return value;
}

void parse_restart(const JsonFields& fields, Job& job) {
  std::string policy;
  fields.read("restart_policy", policy);
  if (policy == "reload") {
    job.restart_policy = RestartPolicy::kReload;
  } else if (policy == "never") {
    job.restart_policy = RestartPolicy::kNever;
  } else if (!policy.empty() && policy != "always") {
    fields.at("restart_policy").error(quote(policy) + " is no policy", "write always, reload or never");
    return;
  }
  fields.read("restart_globs", job.restart_globs);
  if (!job.restart_globs.empty() && job.restart_policy != RestartPolicy::kReload) {
    fields.at("restart_globs")
        .error("has a meaning only with `restart_policy` reload",
               "set `restart_policy` to \"reload\", or remove the patterns");
  }
  for (std::size_t i = 0; i < job.restart_globs.size(); ++i) {
    if (is_valid_glob(job.restart_globs[i])) continue;
    fields.at("restart_globs")
        .item(i)
        .error(quote(job.restart_globs[i]) + " is no pattern",
               "use `*`, `?`, `[a-z]` and `**`, and close every `[`");
  }
}

void parse_counts(const JsonFields& fields, Job& job) {
  const std::int64_t starts = read_with_alias(fields, "max_concurrent_starts", "deploy_parallel_count", 0);
  const std::int64_t upgrades =
      read_with_alias(fields, "max_concurrent_upgrades", "update_parallel_count", 1);
  job.max_concurrent_starts = clamp_int(std::max<std::int64_t>(starts, 0));
  job.max_concurrent_upgrades = clamp_int(std::max<std::int64_t>(upgrades, 1));
  std::int64_t least = 0;
  fields.read("min_allocations_count", least);
  if (least < 0) {
    fields.at("min_allocations_count").error(std::to_string(least) + " is negative", "write 0 or more");
  }
  job.min_allocations = clamp_int(least);
}

void parse_renamed_from(const JsonFields& fields, Job& job) {
  std::string before;
  if (!fields.read("renamed_from", before) || before.empty()) return;
  if (!is_job_name(before)) {
    fields.at("renamed_from").error(quote(before) + " is no name of a job", kJobNameGrammar);
  } else if (before == job.name.str()) {
    fields.at("renamed_from").error("is the job itself", "name the job it was before, or remove the field");
  } else {
    job.renamed_from = JobName(before);
  }
}

}  // namespace

Job parse_manifest(const JobName& name, std::string_view text, const std::string& path,
                   Diagnostics& diagnostics) {
  Job job;
  job.name = name;
  job.version = "0.0.0";
  job.selectors = {name.str()};
  job.files = empty_file_set();
  const std::optional<JsonValue> document = parse_json(text, path, diagnostics);
  if (!document) return job;

  const Site site(diagnostics, path);
  const JsonFields fields(
      *document, site,
      {"version", "selectors", "max_concurrent_starts", "max_concurrent_upgrades", "min_allocations_count",
       "restart_policy", "restart_globs", "resources", "health_check", "timeouts", "rollout", "commands",
       "certs", "files", "renamed_from", "drift", "deploy_parallel_count", "update_parallel_count"});
  parse_job_version(fields, job);
  job.selectors = parse_selectors(name, fields);
  parse_counts(fields, job);
  parse_restart(fields, job);
  if (const JsonValue* block = fields.object("resources")) {
    job.resources = parse_resources(*block, fields.at("resources"));
  }
  if (const JsonValue* block = fields.object("health_check")) {
    job.health = parse_health(*block, job.resources, fields.at("health_check"));
  }
  if (const JsonValue* block = fields.object("timeouts")) {
    job.timeouts = parse_timeouts(*block, fields.at("timeouts"), job.drift.status_timeout);
  }
  if (const JsonValue* block = fields.object("drift")) {
    parse_drift(*block, fields.at("drift"), job.drift);
  }
  if (const JsonValue* block = fields.object("files")) {
    job.file_rules = parse_file_rules(*block, fields.at("files"));
  }
  if (const JsonValue* block = fields.object("rollout")) {
    job.rollout = parse_rollout(*block, fields.at("rollout"));
  }
  if (const JsonValue* block = fields.object("commands")) {
    job.commands = parse_commands(name, *block, fields.at("commands"));
    derive_demands(site, job);
  }
  parse_renamed_from(fields, job);
  if (const JsonValue* block = fields.object("certs")) {
    job.certs = parse_certificates(*block, fields.at("certs"));
  }
  return job;
}

}  // namespace maand
