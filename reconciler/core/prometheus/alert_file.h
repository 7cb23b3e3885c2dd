// One file of `_prometheus/alerts/`: what is demanded of it, and how it is shipped
// with its runbooks linked (workspace.md 13.2, 13.5).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/prometheus/yaml_edit.h"

namespace maand {

// A piece of the file that is replaced when it is shipped.
struct RunbookEdit {
  TextEdit edit;
  std::string slug;  // not empty: the text is the address of this runbook, in quotes
};

struct AlertFile {
  std::string path;      // below the job directory: `_prometheus/alerts/db/disk.yaml`
  std::string basename;  // `disk.yaml`
  std::string text;
  std::vector<std::string> alerts;  // names, in file order
  std::vector<RunbookEdit> edits;   // none: shipped as it is
};

// Problems go to `site` (the file). The result is useful only without errors.
// `slugs` are the job's runbooks. An edit that could not be found again in what
// it made is an error here, so that shipping cannot fail.
AlertFile parse_alert_file(std::string path, std::string text,
                           const std::set<std::string, std::less<>>& slugs, const Site& site);

// What is shipped. `base` is the address of the job's runbooks, with a final `/`:
// `http://10.0.0.1:9090/consoles/runbooks/api/`. Every annotation `runbook`
// became `runbook_url: "<base><slug>.html"`; a `runbook_url` that says something
// stands as it is. Without runbooks: the text, byte for byte.
std::string alert_text(const AlertFile& file, std::string_view base);

// Percent-encoded for one component of a URL's path.
std::string url_component(std::string_view text);

}  // namespace maand
