// `maand doctor`: what would keep a worker from being deployed to, or makes it slow, before it does.
#pragma once

#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct DoctorOptions {
  std::vector<std::string> workers;  // --workers a,b
  std::vector<std::string> labels;   // --labels a,b
};

// Beside a daemon or without one; changes nothing, but that an unknown host key is kept where
// `host_key_policy` says so. kExitFailed: an operation would fail on one of them.
int run_doctor(const Context& context, const DoctorOptions& options);

}  // namespace maand
