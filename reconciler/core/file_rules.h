// `files` of a manifest: permissions and owners on the worker, by pattern.
//
//   "files": {"conf/*.ini": {"mode": "0640", "owner": "root", "group": "app"}}
//
// Patterns are those of restart_globs (workspace.md 2.8) and answer to a rendered
// file's `.tpl` name as well. Several that match add up in the order of the
// manifest: each sets what it names, a later one wins.
#pragma once

#include <vector>

#include "reconciler/core/files.h"
#include "reconciler/core/json_fields.h"
#include "reconciler/core/model.h"

namespace maand {

std::vector<FileRule> parse_file_rules(const JsonValue& object, const Site& site);

// Sets mode and attributes of `file` by the rules that match it. A symlink is left
// alone. `rendered`: it came from a template; `secret`: one that read a secret, so
// that nobody but owner and group may read it unless a rule says so.
void apply_file_rules(const std::vector<FileRule>& rules, bool rendered, bool secret, ShippedFile& file);

}  // namespace maand
