// `maand audit`: who did what, from the state store.
#pragma once

#include <cstddef>
#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct AuditOptions {
  std::size_t limit = 50;
  std::string actor;    // empty: everybody
  std::string subject;  // empty: everything; a commit may be abbreviated
};

int run_audit(const Context& context, const AuditOptions& options);

}  // namespace maand
