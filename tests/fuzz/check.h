// What a fuzz function demands. Plain `assert` would vanish with NDEBUG.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/text.h"

#define FUZZ_CHECK(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

namespace maand::fuzz {

// Whatever was read, every message can be printed, stored as JSON and acted upon.
inline void check_messages(const Diagnostics& diagnostics) {
  for (const Diagnostic& one : diagnostics.all()) {
    FUZZ_CHECK(!one.message.empty() && !one.advice.empty());
    for (const std::string* text : {&one.path, &one.field, &one.message, &one.advice}) {
      FUZZ_CHECK(is_utf8(*text));
      for (const char c : *text) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    }
  }
}

}  // namespace maand::fuzz
