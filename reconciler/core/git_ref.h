// What may the name of a ref look like (git check-ref-format)?
#pragma once

#include <string_view>

namespace maand {

// Bytes of a ref, and `*`, which only a pattern has.
bool is_ref_character(char c);

// What stands between two `/` of a ref. `pattern`: may hold `*`.
bool is_ref_component(std::string_view part, bool pattern = false);

// `main`, `release/1.x`, or a whole ref that begins with `refs/`. No option of git (`-b`) and not `@`.
bool is_branch_name(std::string_view name);

}  // namespace maand
