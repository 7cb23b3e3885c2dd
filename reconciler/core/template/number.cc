#include "reconciler/core/template/number.h"

#include <charconv>
#include <limits>
#include <system_error>

#include "reconciler/core/template/quoting.h"

namespace maand::tpl {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (lowered(c) >= 'a' && lowered(c) <= 'f'); }

// Underscores only between digits, or after a base prefix.
bool underscores_fit(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  char saw = '^';  // '0' a digit or prefix, '_', '!' anything else
  bool hex = false;
  if (text.size() >= 2 && text[0] == '0' &&
      std::string_view("box").find(lowered(text[1])) != std::string_view::npos) {
    hex = lowered(text[1]) == 'x';
    saw = '0';
    text.remove_prefix(2);
  }
  for (const char c : text) {
    if (is_digit(c) || (hex && is_hex(c))) {
      saw = '0';
    } else if (c == '_') {
      if (saw != '0') return false;
      saw = '_';
    } else {
      if (saw == '_') return false;
      saw = '!';
    }
  }
  return saw != '_';
}

std::string without_underscores(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '_') out += c;
  }
  return out;
}

// strconv.ParseUint with base 0; no sign.
std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  if (text.find('_') != std::string_view::npos && !underscores_fit(text)) return std::nullopt;
  std::string digits = without_underscores(text);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = lowered(digits[1]);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    digits.erase(0, mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, code] = std::from_chars(digits.data(), end, value, base);
  if (code != std::errc() || at != end) return std::nullopt;
  return value;
}

// strconv.ParseInt with base 0.
std::optional<std::int64_t> parse_signed(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  const std::optional<std::uint64_t> magnitude = parse_unsigned(text);
  const std::uint64_t most = std::uint64_t{1} << 63;
  if (!magnitude || *magnitude > most - (negative ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

// The grammar of Go's floating-point literals, which from_chars only overlaps.
bool is_float_literal(std::string_view text, bool hex) {
  std::size_t at = 0;
  bool digits = false, dot = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '_') continue;
    if (text[at] == '.' && !dot) {
      dot = true;
    } else if (hex ? is_hex(text[at]) : is_digit(text[at])) {
      digits = true;
    } else {
      break;
    }
  }
  if (!digits) return false;
  if (at == text.size()) return !hex;  // a hexadecimal one needs an exponent
  if (lowered(text[at]) != (hex ? 'p' : 'e')) return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  if (at >= text.size() || !is_digit(text[at])) return false;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '_')) ++at;
  return at == text.size();
}

// strconv.ParseFloat, without Inf and NaN, which no literal can be.
std::optional<double> parse_float(std::string_view literal) {
  std::string_view text = literal;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hex = text.size() > 2 && text[0] == '0' && lowered(text[1]) == 'x';
  if (literal.find('_') != std::string_view::npos && !underscores_fit(literal)) return std::nullopt;
  if (hex) text.remove_prefix(2);
  if (!is_float_literal(text, hex)) return std::nullopt;
  const std::string digits = without_underscores(text);
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, code] =
      std::from_chars(digits.data(), end, value, hex ? std::chars_format::hex : std::chars_format::general);
  if (code == std::errc::result_out_of_range) {
    // Too small is zero, too large is an error.
    const std::size_t exponent = digits.find_first_of(hex ? "pP" : "eE");
    const bool tiny = exponent == std::string::npos ? digits.starts_with('0') || digits.starts_with('.')
                                                    : digits.find('-', exponent) != std::string::npos;
    if (!tiny) return std::nullopt;
    value = 0;
  } else if (code != std::errc() || at != end) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

// The integers that a float stands for as well.
void take_integers(Number& number) {
  const double f = number.as_float;
  if (!number.is_int && f >= -kTwo63 && f < kTwo63 &&
      static_cast<double>(static_cast<std::int64_t>(f)) == f) {
    number.is_int = true;
    number.as_int = static_cast<std::int64_t>(f);
  }
  if (!number.is_uint && f >= 0 && f < kTwo64 && static_cast<double>(static_cast<std::uint64_t>(f)) == f) {
    number.is_uint = true;
    number.as_uint = static_cast<std::uint64_t>(f);
  }
}

Number complex_number(double real, double imaginary) {
  Number number;
  number.is_complex = true;
  number.real = real;
  number.imaginary = imaginary;
  if (imaginary == 0) {
    number.is_float = true;
    number.as_float = real;
    take_integers(number);
  }
  return number;
}

// `1+2i`: the sign between the parts is the last one that belongs to no exponent.
std::optional<Number> parse_complex(std::string_view literal) {
  std::size_t split = std::string_view::npos;
  for (std::size_t at = literal.size(); at-- > 1;) {
    if (literal[at] != '+' && literal[at] != '-') continue;
    const std::string_view before = literal.substr(0, at);
    const bool hex = before.find_first_of("xX") != std::string_view::npos;
    if (lowered(before.back()) == 'p' || (!hex && lowered(before.back()) == 'e')) continue;
    split = at;
    break;
  }
  if (split == std::string_view::npos) return std::nullopt;
  const std::optional<double> real = parse_float(literal.substr(0, split));
  const std::optional<double> imaginary = parse_float(literal.substr(split, literal.size() - 1 - split));
  if (!real || !imaginary) return std::nullopt;
  return complex_number(*real, *imaginary);
}

}  // namespace

std::optional<Number> parse_number(std::string_view literal, TokenKind kind, std::string& problem) {
  Number number;
  if (kind == TokenKind::kCharConstant) {
    const std::optional<Rune> rune = unquote_char(literal);
    if (!rune) {
      problem = "malformed character constant: " + go_quote(literal);
      return std::nullopt;
    }
    number.is_int = number.is_uint = number.is_float = true;
    number.as_int = static_cast<std::int64_t>(*rune);
    number.as_uint = *rune;
    number.as_float = static_cast<double>(*rune);
    return number;
  }
  problem = "illegal number syntax: " + go_quote(literal);
  if (kind == TokenKind::kComplex) return parse_complex(literal);
  if (literal.ends_with('i')) {
    const std::optional<double> imaginary = parse_float(literal.substr(0, literal.size() - 1));
    if (imaginary) return complex_number(0, *imaginary);
  }
  if (const auto u = parse_unsigned(literal)) {
    number.is_uint = true;
    number.as_uint = *u;
  }
  if (const auto i = parse_signed(literal)) {
    number.is_int = true;
    number.as_int = *i;
    if (*i == 0) number.is_uint = true;  // -0
  }
  if (number.is_int || number.is_uint) {
    number.is_float = true;
    number.as_float =
        number.is_int ? static_cast<double>(number.as_int) : static_cast<double>(number.as_uint);
  } else {
    const std::optional<double> f = parse_float(literal);
    if (!f) return std::nullopt;
    if (literal.find_first_of(".eEpP") == std::string_view::npos) {
      problem = "integer overflow: " + go_quote(literal);
      return std::nullopt;
    }
    number.is_float = true;
    number.as_float = *f;
    take_integers(number);
  }
  const bool hex_int = literal.size() > 2 && literal[0] == '0' && lowered(literal[1]) == 'x' &&
                       literal.find_first_of("pP") == std::string_view::npos;
  number.looks_like_float = !hex_int && literal.find_first_of(".eEpP") != std::string_view::npos;
  return number;
}

std::optional<std::int64_t> parse_decimal(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data(), end, value, 10);
  if (text.empty() || code != std::errc() || at != end) return std::nullopt;
  return value;
}

}  // namespace maand::tpl
