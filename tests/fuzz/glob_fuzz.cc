// Input: a pattern, a newline, a path.
#include "reconciler/core/glob.h"

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t newline = text.find('\n');
  const std::string_view pattern = text.substr(0, newline);
  const std::string_view path =
      newline == std::string_view::npos ? std::string_view() : text.substr(newline + 1);
  FUZZ_CHECK(is_valid_glob(pattern) || !glob_matches(pattern, path));
  FUZZ_CHECK(glob_matches("**", path));
  return 0;
}
