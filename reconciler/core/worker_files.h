// `worker.json` and `jobs.json` at the bucket's root on a worker (workspace.md 8.1).
//
// Makefiles and scripts of existing workspaces read them, so the shape is that
// of the original to the byte: indent 3, no final newline, fixed key order.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/port_table.h"

namespace maand {

// id(text) of workspace.md 1.4: an MD5 dressed as a UUID.
std::string derived_id(std::string_view text);

// Stable across a lost store: id(bucket_id + "|" + host) (list of differences).
std::string worker_id(const BucketId& bucket, const WorkerHost& host);

// `id`: what is told as the worker's; empty: worker_id().
std::string worker_json(const BucketId& bucket, const Worker& worker, std::int64_t update_seq,
                        const std::string& id = "");

// `jobs`: name and whether disabled.json names the allocation, in name order.
std::string jobs_json(const std::vector<std::pair<JobName, bool>>& jobs);

// `.maand/claims` of a worker (R3.11): the ports and reservations of this bucket there, a
// line each (`port 8080 api`, `memory 512 api`, `cpu 100 api`; MB and MHz, rounded up), for
// other buckets of the machine. Never empty.
std::string claims_text(const BucketId& bucket, const std::vector<const Job*>& jobs, const PortTable& ports);

}  // namespace maand
