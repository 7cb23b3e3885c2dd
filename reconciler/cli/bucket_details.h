// What the API tells of a bucket beyond the daemon's snapshots, read as the commands
// read it: the mirror, the store and the files beside it.
#pragma once

#include <mutex>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/control.h"

namespace maand {

class BucketDetails : public Details {
 public:
  explicit BucketDetails(const Bucket& bucket) : bucket_(bucket) {}

  // Costs a load of the workspace and a plan of the fleet; one at a time.
  DetailReply plan_files(const std::string& job, const std::string& worker) override;
  DetailReply content_at(const std::string& job, const std::string& rev) override;
  DetailReply note(const std::string& commit) override;
  DetailReply output(const std::string& job, const std::string& worker, std::int64_t from) override;

 private:
  const Bucket bucket_;
  std::mutex planning_;
};

}  // namespace maand
