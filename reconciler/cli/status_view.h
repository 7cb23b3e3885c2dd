// What `GET /api/v1/status` says, as far as the command line shows it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct StatusView {
  struct Allocation {
    std::string job, worker, version, state, health;
    // Of the newest pass, when the allocation is not as it should be; else that it drifted, or who
    // stopped it.
    std::string why;
  };
  struct Job {  // held, or waiting for something
    std::string job, state, reason, detail;
  };
  struct Progress {  // of a rollout that goes on
    std::string job, state, reason, detail;
    std::int64_t batch = 0, batches = 0, done = 0, total = 0;
    std::vector<std::string> running, failed, set_aside;  // workers: of this batch; those in trouble
  };
  struct SetAside {
    std::string worker, condition, detail;
  };

  struct Standing {   // an operator's order
    std::string job;  // empty: the whole bucket
    std::string actor, reason;
    std::string until;   // empty: without an end
    std::string commit;  // of a pin
  };

  struct Channel {
    std::string name, problem, since;
    std::int64_t waiting = 0;
  };

  bool daemon = false;
  std::string bucket_id, name, state, phase;
  std::string head, applied;
  std::string source, source_detail;
  std::string store_problem, notes_problem;
  std::vector<std::string> certificate_warnings;
  std::string authority, authority_detail;  // ours, recovering, fenced
  bool pending = false;
  std::vector<Allocation> allocations;
  std::vector<Job> jobs;
  std::vector<Progress> rollout;
  std::vector<SetAside> set_aside;
  std::vector<Standing> suspended, pinned;
  std::vector<Channel> channels;
  std::vector<std::string> problems;  // errors in the newest judged commit
};

// Text that is no JSON gives an empty view.
StatusView parse_status(std::string_view json);

// applied 0; degraded, rolled_back or a store that cannot be written 1;
// pending, applying, superseded 3; held, refused 4.
ExitStatus exit_of(const StatusView& status);

}  // namespace maand
