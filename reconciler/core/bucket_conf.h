// bucket.conf and bucket.jobs*.conf: TOML whose values are all text
// (workspace.md 0.6, 4.3, 4.4).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/ids.h"

namespace maand {

struct BucketConf {
  std::map<std::string, std::string> values;  // every key, the two below as well
  int port_min = 30000;                       // pool of ports that are given out, both ends included
  int port_max = 39999;                       // 1 <= port_min <= port_max <= 65535
};

// With errors in `diagnostics` the commit is to be refused.
BucketConf parse_bucket_conf(std::string_view text, const std::string& path, Diagnostics& diagnostics);

// A flat table of text, as in a job's vars.toml (workspace.md 6.1).
std::map<std::string, std::string> parse_text_map(std::string_view text, const std::string& path,
                                                  Diagnostics& diagnostics);

// Settings of jobs: a table per job, each a map of text. Which of these files
// counts is said by `job_config_selector` of maand.conf.
struct BucketJobsConf {
  std::string file = "bucket.jobs.conf";
  std::map<JobName, std::map<std::string, std::string>> jobs;  // also of jobs that are none
};

// `bucket.jobs.conf`, or `bucket.jobs.<selector>.conf`; white space around the
// selector does not count.
std::string bucket_jobs_file(std::string_view selector);

// With errors in `diagnostics` the commit is to be refused when this is the file
// that counts. `file` is the path in messages and the name that is kept.
BucketJobsConf parse_bucket_jobs_conf(std::string_view text, const std::string& file,
                                      Diagnostics& diagnostics);

}  // namespace maand
