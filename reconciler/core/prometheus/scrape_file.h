// `_prometheus/scrape.yaml`: what is demanded of it, and what it becomes where its
// job runs (workspace.md 13.2, 13.4).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/prometheus/yaml_document.h"

namespace maand {

// What stands for the name of the job in `job_name` and in values of labels.
inline constexpr std::string_view kJobPlaceholder = "maand:job";

// Where a job's metrics are found.
struct ScrapeWorker {
  WorkerHost worker;
  std::string address;  // `Worker::address`: a host name or an IP address
};

struct ScrapeFile {
  YamlValue items;                     // a list of maps, as the author wrote it
  std::vector<std::string> job_names;  // resolved, one an item
  // The ports of placeholder targets: `http`, or `_implicit` → what it stands for.
  std::map<std::string, std::string> ports;
  bool uses_ports() const { return !ports.empty(); }
};

// `declared` are the ports of the manifest. Problems go to `site` (the file);
// the result is useful only without errors.
ScrapeFile parse_scrape(std::string_view text, const JobName& job, const std::vector<PortBinding>& declared,
                        const Site& site);

// The items with names, labels and targets filled in: a target `maand:port/http`
// becomes one `address:port` a worker, `maand:port/http/<host or address>` the one
// it names. `numbers` holds the job's ports. Empty and a problem told when a
// named worker runs nothing of the job, or a number is missing; a list without
// items when the job uses ports and runs nowhere.
std::optional<YamlValue> expand_scrape(const ScrapeFile& file, const JobName& job,
                                       const std::map<std::string, int>& numbers,
                                       const std::vector<ScrapeWorker>& active, const Site& site);

// `10.0.0.1:80`, `[2001:db8::1]:80`, `db.example.org:80`
std::string host_and_port(std::string_view host, int port);

}  // namespace maand
