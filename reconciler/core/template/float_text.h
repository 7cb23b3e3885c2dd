// strconv.FormatFloat for float64.
#pragma once

#include <string>

namespace maand::tpl {

// `verb`: b e E f g G x X. `precision` < 0: as few digits as read back the same value.
// REQUIRES a finite value.
std::string format_float(double value, char verb, int precision);

}  // namespace maand::tpl
