// The worker script as it is fed to /bin/sh: worker_script.sh, worker_front.sh,
// worker_landing.sh, worker_previous.sh, worker_confirm.sh,
// worker_look.sh and worker_run.sh joined, comment lines left out.
// ASCII, one final newline.
#pragma once

#include <string_view>

namespace maand {

extern const std::string_view kWorkerScript;

}  // namespace maand
