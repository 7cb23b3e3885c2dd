#include "reconciler/core/bucket_conf.h"

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  const BucketConf conf = parse_bucket_conf(text, "bucket.conf", diagnostics);
  FUZZ_CHECK(1 <= conf.port_min && conf.port_min <= conf.port_max && conf.port_max <= 65535);
  check_bucket_jobs_conf(text, "bucket.jobs.conf", diagnostics);
  fuzz::check_messages(diagnostics);
  return 0;
}
