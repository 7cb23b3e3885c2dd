// Does it fit? What every job reserves, and whether the workers have it
// (workspace.md 4.2, 4.4).
#pragma once

#include <cstdint>
#include <vector>

#include "reconciler/core/bucket_conf.h"
#include "reconciler/core/diagnostics.h"
#include "reconciler/core/model.h"
#include "reconciler/core/workspace.h"

namespace maand {

// Sets job.reservation: max, or the `memory` and `cpu` of the job's section in
// `settings`. Such an amount has to lie within the manifest's bounds, unless both
// are 0: then they become it. An amount that does not is told with the file, the
// job, what was asked and the bound; the job must not be applied then.
void reserve(Job& job, const BucketJobsConf& settings, Diagnostics& diagnostics);

// Which workers are asked for more than they have. `placement` holds for each of
// `jobs` the indices of its workers, as place() returns it. Disabled allocations
// do not count; memory and cpu are judged each by itself; what just fits, fits.
// Workers in the same situation are told together, with the first of them.
// Cost: one look per allocation, plus workers × their jobs where it does not fit.
std::vector<BetweenJobs> check_capacity(const std::vector<Worker>& workers,
                                        const std::vector<const Job*>& jobs,
                                        const std::vector<std::vector<std::uint32_t>>& placement,
                                        const Disabled& disabled);

}  // namespace maand
