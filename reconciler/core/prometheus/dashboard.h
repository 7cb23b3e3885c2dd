// The files of `_prometheus/dashboards/` and which of them the index lists
// (workspace.md 13.5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"

namespace maand {

struct Dashboard {
  std::string path;  // below `_prometheus/dashboards/`
  std::string bytes;
  std::string title;    // its HTML <title>, else the file's name
  bool listed = false;  // in the index
};

// `ignore` is the text of `.dashboardignore` (`ignore_site`): one pattern of the
// grammar of restart_globs a line; blank lines and `#` lines say nothing.
std::vector<std::string> parse_dashboard_ignore(std::string_view ignore, const Site& ignore_site);

// Listed unless a pattern matches or a part of its path begins with a dot.
Dashboard make_dashboard(std::string path, std::string bytes, const std::vector<std::string>& ignored);

}  // namespace maand
