// A tree of YAML → the JSON that the namespace maand/prometheus holds (workspace.md 13.2).
#pragma once

#include <string>

#include "reconciler/core/prometheus/yaml_document.h"

namespace maand {

// Compact, keys sorted, `<`, `>`, `&`, U+2028 and U+2029 escaped as Go does. A
// scalar without quotes that JSON knows as null, bool or number is that; any
// other is the author's text (`0755` is "0755").
std::string scrape_json(const YamlValue& value);

}  // namespace maand
