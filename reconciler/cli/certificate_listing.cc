#include "reconciler/cli/certificate_listing.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "reconciler/core/values.h"

namespace maand {
namespace {

constexpr std::string_view kBegin = "certs/";
constexpr std::string_view kEnd = ".crt";
constexpr auto kDay = std::chrono::hours(24);

struct Facts {
  std::string common_name;
  std::string not_after;  // as in the original: `2027-01-31 09:30:00 UTC`
  std::int64_t days_left = 0;
  const char* status = "invalid";
};

Facts facts_of(const std::string& pem, int renewal_buffer_days, WallTime now) {
  Facts out;
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), kMaxValueBytes))),
      BIO_free);
  if (!text) return out;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free);
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) return out;
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
  out.common_name = name;
  char when[64];
  std::strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &end);
  out.not_after = when;
  const auto left = std::chrono::system_clock::from_time_t(timegm(&end)) - now;
  out.days_left = left / kDay;
  out.status = left <= left.zero() ? "expired" : left <= renewal_buffer_days * kDay ? "expiring" : "ok";
  return out;
}

}  // namespace

Listing list_certificates(const JudgedHead& head, const ListingFilter& filter, int renewal_buffer_days,
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
    const Facts facts = facts_of(pem, renewal_buffer_days, now);
    out.rows.push_back({scope, job, worker, cert, facts.common_name, facts.not_after,
                        std::to_string(facts.days_left), facts.status});
  };
  if (!head.sources.ca_pem.empty() && filter.jobs.empty() && filter.workers.empty())
    add("ca", "", "", "ca", head.sources.ca_pem);
  if (!head.sources.stored) return out;
  constexpr std::string_view kJobs = "maand/job/";
  constexpr std::string_view kWorkers = "/worker/";
  for (const auto& [ns, values] : head.sources.stored->namespaces) {
    const std::size_t at = ns.find(kWorkers);
    if (!ns.starts_with(kJobs) || at == std::string::npos) continue;
    const std::string job = ns.substr(kJobs.size(), at - kJobs.size());
    const std::string worker = ns.substr(at + kWorkers.size());
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
