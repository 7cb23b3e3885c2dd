// A tree of YAML → lines, laid out as the original's library (yaml.v3) does: keys
// sorted, block style, every level on a multiple of four, items as `- `.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/prometheus/yaml_document.h"

namespace maand {

// Scalars keep what their author wrote: one without quotes stays without them
// (`yes`, `0755`, `1m`), so that Prometheus reads here what it would have read there.
// REQUIRES: no tags. Lines without their line ends; none is empty.
std::vector<std::string> yaml_lines(const YamlValue& value);

}  // namespace maand
