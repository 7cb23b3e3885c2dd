#include "reconciler/core/disabled_file.h"

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  Diagnostics diagnostics;
  const Disabled disabled =
      parse_disabled({reinterpret_cast<const char*>(data), size}, "disabled.json", diagnostics);
  if (!diagnostics.has_errors())
    warn_of_unknown_names(disabled, {}, {JobName("api")}, "disabled.json", diagnostics);
  fuzz::check_messages(diagnostics);
  return 0;
}
