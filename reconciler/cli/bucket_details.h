// What the API tells of a bucket beyond the daemon's snapshots, read as the commands
// read it: the mirror, the store and the files beside it.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/control.h"

namespace maand {

class BucketDetails : public Details {
 public:
  // `planned`: the commit of the newest plan, empty when there is none. Any thread.
  explicit BucketDetails(const Bucket& bucket, std::function<CommitId()> planned = nullptr)
      : bucket_(bucket), planned_(std::move(planned)) {}

  // Costs a load of the workspace and a plan of the fleet; one at a time.
  DetailReply plan_files(const std::string& job, const std::string& worker) override;
  DetailReply content_at(const std::string& job, const std::string& rev) override;
  DetailReply note(const std::string& commit) override;
  DetailReply output(const std::string& job, const std::string& worker, std::int64_t from) override;

 private:
  // While a rollout goes on, the store's head is the commit before.
  CommitId commit_to_plan() const;

  const Bucket bucket_;
  const std::function<CommitId()> planned_;
  std::mutex planning_;
};

}  // namespace maand
