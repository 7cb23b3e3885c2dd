// `maand render`: the files an allocation would get, templates rendered.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct RenderOptions {
  std::string subject;    // JOB[@WORKER]
  std::string file;       // only this one, its bytes and nothing else where one allocation is meant
  std::string commit;     // default: the newest of the branch
  std::string workspace;  // a directory instead of a commit
  bool reveal = false;    // secrets in the clear
};

// Runs no hook and touches no worker. Secrets are replaced by `<secret>` before
// anything is rendered, so that no function of a template can give one away.
int run_render(const Context& context, const RenderOptions& options);

}  // namespace maand
