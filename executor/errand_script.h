// The program that carries errands out, as it is fed to /bin/sh: worker_script.sh and
// worker_errand.sh joined, comment lines left out. ASCII, one final newline. And the errands
// that maand itself runs.
#pragma once

#include <string_view>

namespace maand {

extern const std::string_view kErrandScript;
extern const std::string_view kFactsErrand;   // worker_facts.sh
extern const std::string_view kDoctorErrand;  // worker_doctor.sh
extern const std::string_view kGcErrand;      // worker_script.sh and worker_gc.sh

}  // namespace maand
