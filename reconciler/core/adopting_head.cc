#include "reconciler/core/adopting_head.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "reconciler/core/desired_variables.h"
#include "reconciler/core/kept_worker_id.h"
#include "reconciler/core/md5.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

bool is_certificate(const OriginalValue& value) {
  return value.ns.starts_with("maand/job/") && value.ns.find("/worker/") != std::string::npos &&
         value.key.starts_with("certs/");
}

// `1.024e+06` is how the original writes 1024000 (workspace.md 1.2).
bool same_value(const std::string& before, std::string_view now) {
  const std::string_view old = trim(before);
  if (old == trim(now)) return true;
  if (old.find("e+") == std::string_view::npos) return false;
  try {
    return std::stod(std::string(old)) == std::stod(std::string(trim(now)));
  } catch (const std::exception&) {
    return false;
  }
}

using KeptValues = std::map<std::string, std::map<std::string, std::string>>;  // namespace → key → value

KeptValues plain_values(const OriginalBucket& original) {
  KeptValues out;
  for (const OriginalValue& value : original.values) {
    if (!value.sealed) out[value.ns][value.key] = value.value;
  }
  return out;
}

// What one allocation's templates read of one namespace.
class Reading {
 public:
  Reading(const Job& job, std::string ns) : ns_(std::move(ns)) {
    for (const JobTemplate& one : job.templates) {
      for (const ValueRead& read : value_reads(*one.parsed)) {
        if (read.ns && *read.ns != ns_) continue;
        if (!read.key) all_ = true;
        if (read.key) keys_.insert(*read.key);
      }
    }
  }
  bool none() const { return !all_ && keys_.empty(); }
  bool covers(const std::string& key) const { return all_ || keys_.count(key) > 0; }

 private:
  const std::string ns_;
  std::set<std::string> keys_;
  bool all_ = false;
};

std::vector<std::string> namespaces_of(const Job& job, const std::string& address) {
  const std::string& name = job.name.str();
  std::vector<std::string> out = {"maand/bucket",
                                  "maand",
                                  "vars/bucket",
                                  "maand/worker",
                                  "maand/worker/" + address,
                                  "maand/worker/" + address + "/tags",
                                  "maand/job/" + name + "/worker/" + address,
                                  "vars/bucket/job/" + name,
                                  "maand/prometheus"};
  std::set<std::string> jobs = {name};
  for (const Demand& demand : job.demands) jobs.insert(demand.job.str());
  for (const std::string& one : jobs) {
    out.push_back("maand/job/" + one);
    out.push_back("vars/job/" + one);
  }
  return out;
}

void compare(const KeptValues& kept, const Variables& variables, const Job& job, const std::string& ns,
             std::vector<std::string>& out) {
  const Reading reading(job, ns);
  if (reading.none()) return;
  static const std::map<std::string, std::string> kNone;
  const auto before = kept.find(ns == "maand" ? "maand/bucket" : ns);
  const std::map<std::string, std::string>& old = before == kept.end() ? kNone : before->second;
  for (const auto& [key, value] : old) {
    if (!reading.covers(key)) continue;
    std::string made;
    const Variables::Value now = variables.get(ns, key, made);
    if (!now.text || !same_value(value, *now.text)) out.push_back(ns + "/" + key);
  }
  for (const std::string& key : variables.keys(ns).value_or(std::vector<std::string>{})) {
    if (reading.covers(key) && old.count(key) == 0) out.push_back(ns + "/" + key);
  }
}

}  // namespace

std::map<JobName, Md5ByPath> directory_sums(const FileView& view, std::string_view root) {
  const std::string jobs = (root.empty() ? "" : std::string(root) + "/") + "jobs";
  std::map<JobName, Md5ByPath> out;
  for (const std::string& name : view.subdirectories(jobs)) {
    const std::string directory = jobs + "/" + name;
    const auto entries = view.list(directory);
    if (!entries) continue;
    Md5ByPath& sums = out[JobName(name)];
    for (const Entry& entry : *entries) {
      if (entry.kind == EntryKind::kSubmodule) continue;
      if (const auto bytes = view.read(entry.path))
        sums[entry.path.substr(directory.size() + 1)] = md5_hex(*bytes);
    }
  }
  return out;
}

std::vector<OriginalValue> values_to_keep(const OriginalBucket& original) {
  std::vector<OriginalValue> out;
  for (const OriginalValue& value : original.values) {
    const bool of_job = value.ns.starts_with("vars/job/") || value.ns.starts_with("secrets/job/");
    if (of_job || is_certificate(value)) out.push_back(value);
  }
  // Random there; made of bucket and host here, for workers that come later.
  for (const auto& [host, id] : original.workers) {
    if (!id.empty()) out.push_back({worker_namespace(host), kWorkerIdKey, id, false});
  }
  return out;
}

ValueSnapshotPtr snapshot_of(const std::vector<OriginalValue>& values, WallTime now) {
  std::map<std::string, NamespaceValues, std::less<>> by_namespace;
  auto out = std::make_shared<ValueSnapshot>();
  for (const OriginalValue& value : values) {
    StoredValue stored;
    stored.value = value.value;
    stored.version = 1;
    stored.written_at = now;
    stored.secret = value.sealed;
    add_loaded(*out, by_namespace[value.ns], value.key, std::move(stored));
  }
  for (auto& [ns, keys] : by_namespace)
    out->namespaces.emplace(ns, std::make_shared<const NamespaceValues>(std::move(keys)));
  return out;
}

std::map<AllocationKey, std::vector<std::string>> changed_values(const OriginalBucket& original,
                                                                 const DesiredState& desired,
                                                                 const Workspace& workspace,
                                                                 const VariableSources& sources) {
  const KeptValues kept = plain_values(original);
  const DesiredVariables variables(desired, workspace, sources);
  std::map<AllocationKey, std::vector<std::string>> out;
  for (const auto& [name, job] : desired.jobs) {
    if (!job.job || job.job->templates.empty()) continue;
    for (const std::uint32_t worker : job.workers) {
      std::vector<std::string> changed;
      for (const std::string& ns : namespaces_of(*job.job, variables.all().address(worker)))
        compare(kept, variables.all(), *job.job, ns, changed);
      if (!changed.empty()) out[{name, desired.workers[worker].host}] = std::move(changed);
    }
  }
  return out;
}

}  // namespace maand
