#include "reconciler/core/workers_file.h"

#include <cstddef>
#include <cstdint>
#include <set>

#include "reconciler/core/names.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  Diagnostics diagnostics;
  const auto workers =
      parse_workers({reinterpret_cast<const char*>(data), size}, "workers.json", diagnostics);
  fuzz::check_messages(diagnostics);
  if (diagnostics.has_errors()) return 0;
  FUZZ_CHECK(!workers.empty());
  std::set<WorkerHost> hosts;
  for (const Worker& worker : workers) {
    FUZZ_CHECK(is_host(worker.host.str()) && is_host(worker.address));
    FUZZ_CHECK(hosts.insert(worker.host).second);
    FUZZ_CHECK(worker.memory_mb >= 0 && worker.cpu_mhz >= 0);
    for (const std::string& key : worker.host_keys) FUZZ_CHECK(normal_host_key(key) == key);
    FUZZ_CHECK(!worker.ssh.port || (*worker.ssh.port >= 1 && *worker.ssh.port <= 65535));
  }
  return 0;
}
