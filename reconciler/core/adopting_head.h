// What has to be known of the workspace's head to tell a change in git, or of a value, from
// a difference that only the way of deploying makes (`maand adopt`).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/desired.h"
#include "reconciler/core/original_bucket.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/values.h"

namespace maand {

// Of every file of every job's directory in git, by path in it. Reads all of them. Throws SourceError.
std::map<JobName, Md5ByPath> directory_sums(const FileView& view, std::string_view root);

// The values of the original that follow from nothing in git, and so are kept: what hooks and
// operators wrote, secrets, certificates.
std::vector<OriginalValue> values_to_keep(const OriginalBucket& original);

// They as a store would hold them, for rendering before they are stored.
ValueSnapshotPtr snapshot_of(const std::vector<OriginalValue>& values, WallTime now);

// Values that the templates of an allocation may read and that the head gives otherwise than
// the original has kept them: `vars/bucket/size`. Allocations without any are left out.
std::map<AllocationKey, std::vector<std::string>> changed_values(const OriginalBucket& original,
                                                                 const DesiredState& desired,
                                                                 const Workspace& workspace,
                                                                 const VariableSources& sources);

}  // namespace maand
