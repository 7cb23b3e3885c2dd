#include "reconciler/core/bucket_conf.h"

#include <cstddef>
#include <cstdint>

#include "reconciler/core/capacity.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  const BucketConf conf = parse_bucket_conf(text, "bucket.conf", diagnostics);
  FUZZ_CHECK(1 <= conf.port_min && conf.port_min <= conf.port_max && conf.port_max <= 65535);
  const BucketJobsConf settings = parse_bucket_jobs_conf(text, "bucket.jobs.conf", diagnostics);
  for (const auto& [name, section] : settings.jobs) {
    Job job;
    job.name = name;
    Diagnostics of_the_job;
    reserve(job, settings, of_the_job);
    fuzz::check_messages(of_the_job);
    FUZZ_CHECK(job.reservation.memory_mb >= 0 && job.reservation.cpu_mhz >= 0);
    if (of_the_job.has_errors()) continue;
    FUZZ_CHECK(job.resources.memory_mb.max == job.reservation.memory_mb);
    FUZZ_CHECK(job.resources.cpu_mhz.min == job.reservation.cpu_mhz);
  }
  fuzz::check_messages(diagnostics);
  return 0;
}
