// One job's manifest.json → Job (workspace.md 2.2 to 2.8, R2.9).
//
// Every problem is told, not only the first. What is known but not built yet is
// refused by name: a job is applied as it was meant, or not at all.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/json_fields.h"
#include "reconciler/core/model.h"

namespace maand {

// `path` is how messages name the file. The Job has no tree and an empty file
// set; with errors in `diagnostics` it must not be applied.
Job parse_manifest(const JobName& name, std::string_view text, const std::string& path,
                   Diagnostics& diagnostics);

// The blocks of a manifest, each read by a file of its own.
Resources parse_resources(const JsonValue& object, const Site& site);
HealthSpec parse_health(const JsonValue& object, const Resources& resources, const Site& site);
RolloutPolicy parse_rollout(const JsonValue& object, const Site& site);
// `status`: of `make status`, which is no target of the lifecycle; left as it is where it is not named.
std::map<Target, Seconds> parse_timeouts(const JsonValue& object, const Site& site, Seconds& status);
void parse_drift(const JsonValue& object, const Site& site, DriftPolicy& drift);
// Sorted by name. `job` is who declares them.
std::vector<JobCommand> parse_commands(const JobName& job, const JsonValue& object, const Site& site);

// Sorted by name.
std::vector<CertificateSpec> parse_certificates(const JsonValue& object, const Site& site);

// Every command needs exactly one program: `_modules/<name>.py`, `.ts` or `.js`
// (workspace.md 2.5). `paths` are files of the job relative to its directory,
// sorted; those elsewhere do not matter. `site` is the manifest.
void check_command_files(const std::vector<JobCommand>& commands, const std::vector<std::string>& paths,
                         const Site& site);

}  // namespace maand
