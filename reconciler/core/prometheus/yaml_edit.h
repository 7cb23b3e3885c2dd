// Replacing scalars of a YAML text in place, so that everything else of it stays
// byte for byte (workspace.md, list of differences: YAML is edited).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/prometheus/yaml_document.h"

namespace maand {

struct TextEdit {
  std::size_t offset = 0;        // in bytes
  std::size_t length_bytes = 0;  // what goes
  std::string text;              // what comes
};

// How to write `text` in place of `scalar`, which stands in `file`: properties
// (`&anchor`) and the comment behind a block's header stay. Of a block scalar
// the lines go. Empty: its end could not be found.
std::vector<TextEdit> replace_scalar(std::string_view file, const YamlValue& scalar, const std::string& text);

// The byte at which the scalar begins, behind its properties.
std::size_t scalar_start(std::string_view file, const YamlValue& scalar);

// REQUIRES: edits lie inside `file` and do not overlap; equal ones count once.
std::string apply_edits(std::string_view file, std::vector<TextEdit> edits);

}  // namespace maand
