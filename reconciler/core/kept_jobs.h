// Content of older commits that held jobs need (R1.7): reads it, and asks for the
// desired state until it lacks nothing. What is read comes through a FileView.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "reconciler/core/desired.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/workspace.h"

namespace maand {

using KeptJobs = std::map<JobName, KeptJob>;
using WantedJobs = std::map<JobName, CommitId>;  // DesiredState::wants
using OpenCommit = std::function<std::unique_ptr<FileView>(const CommitId&)>;

// Every job that is wanted gets an answer, so that none is asked for twice; each
// commit is opened once. `root`: the workspace's directory. Throws what `open` does, but
// for kNotFound: a commit that is not there has no job.
KeptJobs load_kept(const WantedJobs& wanted, const OpenCommit& open, const std::string& root,
                   const WorkspaceLimits& limits, ContentDigests* digests = nullptr);

// What `make` gives once nothing more is wanted; it is to use `kept`, which grows by what `load` brings.
DesiredState complete_desired(KeptJobs& kept, const std::function<DesiredState()>& make,
                              const std::function<KeptJobs(const WantedJobs&)>& load);

}  // namespace maand
