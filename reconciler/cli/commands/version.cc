#include "reconciler/cli/commands/version.h"

#include <iostream>

#include "reconciler/cli/json_out.h"

namespace maand {

int run_version(const Context& context, const VersionOptions&) {
  if (context.json) {
    std::cout << JsonObject().text("version", MAAND_VERSION).str() << "\n";
  } else {
    std::cout << "maand " MAAND_VERSION "\n";
  }
  return kExitDone;
}

}  // namespace maand
