// The bucket's CA among the files of a job that has no certificates of its own: `certs/ca.crt`, so that it
// can check others (workspace.md 8.1). Where nothing is said, no errors.
#pragma once

#include <optional>

#include "reconciler/core/files.h"
#include "reconciler/core/model.h"
#include "reconciler/core/variables.h"

namespace maand {

// nullopt: the bucket has no CA, or the job ships something else as `certs`.
std::optional<ShippedFile> authority_file(const Job& job, const VariableSources& sources);

// The files of `job`, with the CA where it gets one. Never null.
FileSetPtr with_authority(const Job& job, const VariableSources& sources);

// Of `files`, what is compared with what lies on a worker: a CA of which it is not sure that it is the
// bucket's rolls nothing out. What has another reason to ships the one that is there: to a job without
// certificates none would be worse.
FileSetPtr compared_with_authority(const Job& job, const VariableSources& sources, FileSetPtr files);

}  // namespace maand
