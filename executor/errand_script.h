// The program that carries errands out, as it is fed to /bin/sh: worker_script.sh and
// worker_errand.sh joined, comment lines left out. ASCII, one final newline.
#pragma once

#include <string_view>

namespace maand {

extern const std::string_view kErrandScript;

}  // namespace maand
