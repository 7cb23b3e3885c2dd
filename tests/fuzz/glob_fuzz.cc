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
  const bool matches = glob_matches(pattern, path);
  if (!is_valid_glob(pattern)) {
    // Malformed elements match nothing; only a literal of the same bytes does.
    FUZZ_CHECK(!matches || trim(pattern).find_first_of("*?[") == std::string_view::npos);
  }
  FUZZ_CHECK(glob_matches("**", path));
  return 0;
}
