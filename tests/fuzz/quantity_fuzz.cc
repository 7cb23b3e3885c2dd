#include "reconciler/core/quantity.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "reconciler/core/version.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& amount : {parse_memory_mb(text), parse_cpu_mhz(text)}) {
    if (!amount) continue;
    FUZZ_CHECK(std::isfinite(*amount));
    const std::string printed = format_quantity(*amount);
    FUZZ_CHECK(printed.find_first_not_of("-0123456789.") == std::string::npos);
    FUZZ_CHECK(parse_memory_mb(printed) == amount);
  }
  if (const auto version = parse_version(text)) {
    FUZZ_CHECK(parse_version(to_string(*version)) == version);
  }
  return 0;
}
