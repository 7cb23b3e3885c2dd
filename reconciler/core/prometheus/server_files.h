// What is added to the files of a Prometheus server's allocation (workspace.md 13.5).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/prometheus/catalogues.h"

namespace maand {

struct AssembledFile {
  std::string path;  // below the job directory
  std::string bytes;
};

// Where this allocation of the server answers.
struct ServerPlace {
  std::string address;  // of its worker
  int port = 0;         // number of server_port_name(); 0 = none, and nobody links to it
};

// Regular files, sorted by path, all different:
//   rules/<job>/<name>              alerts, their runbooks linked to `place`
//   rules/maand/certs.yaml          alerts of our own
//   consoles/runbooks/…             index.html, style.css, <job>/<slug>.html; when some job has runbooks
//   consoles/dashboards/…           index.html, style.css, <job>/<path>; when some job has dashboards
// `jobs` as in catalogues.h; none when there is no server.
std::vector<AssembledFile> assemble_server_files(std::span<const CatalogueJob> jobs,
                                                 const ServerPlace& place);

}  // namespace maand
