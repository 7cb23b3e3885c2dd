// eq ne lt le gt ge: which kinds may be compared, and how (Go's text/template/funcs.go).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "reconciler/core/template/value.h"

namespace maand::tpl {

// Does the first equal any of the others? nullopt: `problem` says why they cannot be
// compared; it names kinds, never values.
std::optional<bool> equals_any(std::span<const Value> values, std::string& problem);

std::optional<bool> is_less(const Value& a, const Value& b, std::string& problem);
std::optional<bool> is_less_or_equal(const Value& a, const Value& b, std::string& problem);

}  // namespace maand::tpl
