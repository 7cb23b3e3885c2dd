// `maand:port/<key>[/<worker>]`: which port of the job a scrape target means
// (workspace.md 13.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"

namespace maand {

inline constexpr std::string_view kPortPrefix = "maand:port/";

struct PortTarget {
  std::string key;     // the name of a port, or `_implicit`
  std::string worker;  // host or address; empty = every worker where the job runs
};

// nullopt: no placeholder of a port.
std::optional<PortTarget> parse_port_target(std::string_view target);

// The declared port that is meant. `_implicit` is `<job>_metrics_port`, else
// `metrics_port`, else the only one that ends in `_metrics_port`. nullopt:
// `problem` says why not.
std::optional<std::string> resolve_port(const PortTarget& target, const JobName& job,
                                        const std::vector<PortBinding>& declared, std::string& problem);

// The port at which the pages of a Prometheus server are found, for links to
// runbooks: its own `prometheus_port_http`; else the only one of its ports with
// `http` among the parts between underscores (`web_http`, `http_port`); else the
// only port it has. nullopt: none, or it cannot be told which.
std::optional<std::string> server_port_name(const std::vector<PortBinding>& declared);

}  // namespace maand
