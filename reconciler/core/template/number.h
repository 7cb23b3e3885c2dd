// Number literals: Go's ideal constants, held under every type that can represent them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/template/lexer.h"

namespace maand::tpl {

struct Number {
  bool is_int = false, is_uint = false, is_float = false, is_complex = false;
  std::int64_t as_int = 0;
  std::uint64_t as_uint = 0;
  double as_float = 0;
  double real = 0, imaginary = 0;
  // Without a context the way it is written decides (`1.0` is a float, `'a'` an int).
  bool looks_like_float = false;
};

// `kind`: kNumber, kCharConstant or kComplex. nullopt: `problem` says why.
std::optional<Number> parse_number(std::string_view literal, TokenKind kind, std::string& problem);

// A decimal integer with an optional sign, as strconv.Atoi.
std::optional<std::int64_t> parse_decimal(std::string_view text);

}  // namespace maand::tpl
