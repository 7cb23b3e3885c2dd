// `maand adopt`: a bucket that the original maand deployed is taken over as it is. Runs no
// target; tells what was taken, and what the next pass does.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct AdoptOptions {
  std::string repo;  // for maand.conf, where it names none
  std::string branch;
  std::string path;
  bool dry_run = false;
  bool without_unreachable = false;
  bool with_held = false;
};

int run_adopt(const Context& context, const AdoptOptions& options);

}  // namespace maand
