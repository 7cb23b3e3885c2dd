// Which certificates of jobs end too soon, as far as it can be told without the daemon.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/judged_head.h"

namespace maand {

// Sentences. REQUIRES: head.desired.
std::vector<std::string> certificate_warnings(const Bucket& bucket, const JudgedHead& head);

}  // namespace maand
