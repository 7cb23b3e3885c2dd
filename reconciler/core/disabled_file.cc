#include "reconciler/core/disabled_file.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/json_fields.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

std::vector<WorkerHost> read_hosts(const JsonFields& fields, std::string_view name) {
  std::vector<std::string> given;
  fields.read(name, given);
  std::vector<WorkerHost> hosts;
  for (const std::string& host : given) hosts.emplace_back(trim(host));
  return hosts;
}

}  // namespace

Disabled parse_disabled(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  Disabled out;
  const std::optional<JsonValue> document = parse_json(text, path, diagnostics);
  if (!document) return out;
  const JsonFields fields(*document, Site(diagnostics, path), {"workers", "jobs"}, UnknownKeys::kRefuse);
  out.workers = read_hosts(fields, "workers");
  const JsonValue* jobs = fields.object("jobs");
  if (!jobs) return out;
  for (const JsonMember* member : map_members(*jobs)) {
    const Site site = fields.at("jobs").member(member->key);
    // null would mean "the whole job" and looks like "nothing".
    if (member->value.kind != JsonValue::Kind::kObject) {
      site.error("must be an object",
                 "write {} to disable the whole job, or {\"allocations\": [\"<host>\"]}");
      continue;
    }
    const JsonFields job(member->value, site, {"allocations"}, UnknownKeys::kRefuse);
    out.jobs[JobName(member->key)] = read_hosts(job, "allocations");
  }
  return out;
}

void warn_of_unknown_names(const Disabled& disabled, const std::vector<Worker>& workers,
                           const std::set<JobName>& jobs, const std::string& path, Diagnostics& diagnostics) {
  const Site site(diagnostics, path);
  std::set<WorkerHost> hosts;
  std::vector<std::string_view> host_names;
  for (const Worker& worker : workers) {
    hosts.insert(worker.host);
    host_names.push_back(worker.host.str());
  }
  std::vector<std::string_view> job_names;
  for (const JobName& job : jobs) job_names.push_back(job.str());

  const auto hint = [](std::string_view word, const std::vector<std::string_view>& known) {
    const auto near = nearest(word, known);
    return near ? "did you mean " + quote(*near) + "?" : std::string("remove it");
  };
  const auto check_hosts = [&](const std::vector<WorkerHost>& listed, const Site& list) {
    for (std::size_t i = 0; i < listed.size(); ++i) {
      if (hosts.count(listed[i]) > 0) continue;
      list.item(i).warning(quote(listed[i].str()) + " is no worker, so nothing of it is disabled",
                           hint(listed[i].str(), host_names));
    }
  };
  check_hosts(disabled.workers, site.member("workers"));
  for (const auto& [job, listed] : disabled.jobs) {
    const Site place = site.member("jobs").member(job.str());
    if (jobs.count(job) == 0) {
      place.warning(quote(job.str()) + " is no job, so nothing of it is disabled",
                    hint(job.str(), job_names));
    }
    check_hosts(listed, place.member("allocations"));
  }
}

}  // namespace maand
