// Changing amounts in the text of workers.json and nothing else of it: order, unknown members,
// indentation and line ends stay as a person wrote them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/ids.h"

namespace maand {

// What a worker has. Whole MB and MHz.
struct WorkerFacts {
  long long memory_mb = 0;
  long long cpu_mhz = 0;
  friend bool operator==(const WorkerFacts&, const WorkerFacts&) = default;
};

// `text` with "memory" and "cpu" of the workers in `facts` as these say: "2048 mb", "4800 mhz". An
// amount that means the same already stays as it is written; one that is missing is put behind the
// last member, in its style. A worker that is not listed is passed over.
// nullopt: `text` is no list of objects that can be followed. REQUIRES: parse_workers() accepts it.
std::optional<std::string> with_facts(std::string_view text, const std::map<WorkerHost, WorkerFacts>& facts);

// What the probe on a worker printed (`memory_kb N`, `cpus N`, `mhz N`); nullopt: not all of it.
// `problem` gets what is missing.
std::optional<WorkerFacts> parse_facts(std::string_view output, std::string& problem);

}  // namespace maand
