// The hold key of a job (R5.3): what has to change for a failed rollout to be
// tried again. The git tree of its whole directory, and the settings of the bucket
// that it reads: its templates, and what it reserves.
//
// Certificates, peers, ports and what hooks wrote are no part of it.
#pragma once

#include "reconciler/core/bucket_conf.h"
#include "reconciler/core/model.h"

namespace maand {

// `<tree>`, or `<tree>+<16 hex digits>` when it reads settings. A template whose
// reads only show while rendering counts as reading all of them. REQUIRES: job.name
// and job.templates.
TreeId hold_key(const TreeId& tree, const Job& job, const BucketConf& bucket, const BucketJobsConf& settings);

// Whether two hold keys are of one git tree, whatever the settings were.
bool same_directory(const TreeId& a, const TreeId& b);

}  // namespace maand
