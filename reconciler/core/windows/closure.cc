#include "reconciler/core/windows/closure.h"

#include "reconciler/core/status.h"

namespace maand {

std::string sentence(const Closure& closure, const JobName& job) {
  std::string out =
      closure.window.empty() ? "no window that allows it is open" : "`" + closure.window + "` denies it";
  out +=
      closure.opens ? " until " + rfc3339(*closure.opens) : ", and that ends in no year that can be foreseen";
  return out + "; `maand release " + job.str() + "` lets it begin now";
}

}  // namespace maand
