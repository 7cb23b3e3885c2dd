#include "reconciler/cli/certificate_listing.h"

#include <chrono>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "reconciler/core/certificate_facts.h"
#include "reconciler/core/values.h"

namespace maand {
namespace {

constexpr std::string_view kBegin = "certs/";
constexpr std::string_view kEnd = ".crt";
constexpr auto kDay = std::chrono::hours(24);

// As in the original: `2027-01-31 09:30:00 UTC`.
std::string utc(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  char text[64];
  if (!gmtime_r(&seconds, &parts) || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
    return {};
  return text;
}

}  // namespace

Listing list_certificates(const JudgedHead& head, const ListingFilter& filter, const CertificateRules& rules,
                          WallTime now) {
  require_known(head, filter);
  Listing out{{{"scope"},
               {"job"},
               {"worker"},
               {"cert"},
               {"common_name", false, true},
               {"not_after"},
               {"days_left", true},
               {"status"}},
              {}};
  const auto add = [&](const char* scope, const std::string& job, const std::string& worker,
                       const std::string& cert, const std::string& pem) {
    const auto facts = certificate_facts(pem);
    if (!facts) {
      out.rows.push_back({scope, job, worker, cert, "", "", "0", "invalid"});
      return;
    }
    const WallTime due = std::string_view(scope) == "ca" ? authority_due(*facts, rules)
                                                         : facts->not_after - renewal_buffer(*facts, rules);
    const char* status = facts->not_after <= now ? "expired" : due <= now ? "expiring" : "ok";
    out.rows.push_back({scope, job, worker, cert, facts->common_name, utc(facts->not_after),
                        std::to_string((facts->not_after - now) / kDay), status});
  };
  if (!head.sources.ca_pem.empty() && filter.jobs.empty() && filter.workers.empty())
    add("ca", "", "", "ca", head.sources.ca_pem);
  if (!head.sources.stored) return out;
  std::map<std::string, std::string> hosts;  // by address, which is what namespaces are named for
  for (const Worker& worker : head.desired->workers) {
    if (!worker.address.empty()) hosts.emplace(worker.address, worker.host.str());
  }
  constexpr std::string_view kJobs = "maand/job/";
  constexpr std::string_view kWorkers = "/worker/";
  for (const auto& [ns, values] : head.sources.stored->namespaces) {
    const std::size_t at = ns.find(kWorkers);
    if (!ns.starts_with(kJobs) || at == std::string::npos) continue;
    const std::string job = ns.substr(kJobs.size(), at - kJobs.size());
    const auto host = hosts.find(ns.substr(at + kWorkers.size()));
    const std::string worker = host == hosts.end() ? ns.substr(at + kWorkers.size()) : host->second;
    if (!filter.names_job(JobName(job)) || !filter.names_worker(WorkerHost(worker))) continue;
    for (const auto& [key, value] : *values) {
      if (value.deleted || value.secret || !key.starts_with(kBegin) || !key.ends_with(kEnd)) continue;
      add("job", job, worker, key.substr(kBegin.size(), key.size() - kBegin.size() - kEnd.size()),
          value.value);
    }
  }
  return out;
}

}  // namespace maand
