// Go's fmt for the kinds a template knows: print, println and the verbs of printf.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "reconciler/core/template/value.h"

namespace maand::tpl {

// Each returns false when `out` would grow past `most_bytes`; then `out` is of no use.

// What `{{value}}` writes, and one operand of print.
bool print_value(std::string& out, const Value& value, std::size_t most_bytes);

// fmt.Sprint: a space between two operands when neither is a string.
bool print_all(std::string& out, std::span<const Value> values, std::size_t most_bytes);

// fmt.Sprintln.
bool print_line(std::string& out, std::span<const Value> values, std::size_t most_bytes);

// fmt.Sprintf, its complaints (`%!d(string=x)`) included. Differs from Go in `%p` alone,
// which has no address to show.
bool print_format(std::string& out, std::string_view format, std::span<const Value> values,
                  std::size_t most_bytes);

}  // namespace maand::tpl
