// How one scalar of YAML is meant, and how it is written so that it is meant the same.
#pragma once

#include <string>
#include <string_view>

namespace maand {

// Written without quotes, some reader of YAML 1.1 or 1.2 (Prometheus has both:
// yaml.v2 for its configuration, yaml.v3 for rules) takes it for something else
// than text: null, true, yes, 12, 0x1f, 1e3, 1:20, .inf, 2001-01-01, …
bool looks_like_another_type(std::string_view text);

// What JSON knows as well, in the notation of JSON.
bool is_yaml_bool(std::string_view text);  // true, True, TRUE, false, …
bool is_json_number(std::string_view text);

// Text may stand without quotes anywhere in a block and stays text.
bool is_plain_safe(std::string_view text);

// `text` as a string of YAML: as it is when that is safe, else in quotes, as
// yaml.v3 chooses them: single where no escape is needed, double for what looks
// like another type. REQUIRES: UTF-8. One line, always.
std::string yaml_string(std::string_view text);

}  // namespace maand
