#include "reconciler/core/template/float_text.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace maand::tpl {
namespace {

std::string print(double value, std::chars_format format, int precision) {
  std::string out(static_cast<std::size_t>(precision) + 400, '\0');
  const auto [end, code] = std::to_chars(out.data(), out.data() + out.size(), value, format, precision);
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

// %g: as few digits as there are, an exponent only for the very small and very large.
std::string general(double value, bool upper, int precision) {
  const bool shortest = precision < 0;
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  char buffer[32];
  std::string text;
  if (shortest) {
    text.assign(
        buffer,
        std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific).ptr);
  } else {
    text = print(std::abs(value), std::chars_format::scientific, std::max(precision, 1) - 1);
  }
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* digits_of_exponent = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(digits_of_exponent, text.data() + text.size(), exponent);
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c != '.') digits += c;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();

  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point
  int bound = shortest ? 6 : std::max(precision, 1);
  if (!shortest && bound > count && count >= point) bound = count;
  std::string out = std::signbit(value) ? "-" : "";
  if (exponent < -4 || exponent >= bound) {
    out += digits[0];
    if (count > 1) out += "." + digits.substr(1);
    out += upper ? 'E' : 'e';
    out += exponent < 0 ? '-' : '+';
    const std::string magnitude = std::to_string(std::abs(exponent));
    return out += (magnitude.size() < 2 ? "0" : "") + magnitude;
  }
  if (point <= 0) return out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (point >= count) return out += digits + std::string(static_cast<std::size_t>(point - count), '0');
  return out += digits.substr(0, static_cast<std::size_t>(point)) + "." +
                digits.substr(static_cast<std::size_t>(point));
}

struct Parts {
  bool negative;
  std::uint64_t mantissa;
  int exponent;  // of the leading bit of a normal number
};

Parts take_apart(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
  if (exponent == 0) {
    exponent = 1;
  } else {
    mantissa |= std::uint64_t{1} << 52;
  }
  return {bits >> 63 != 0, mantissa, exponent - 1023};
}

std::string binary(double value) {
  const auto [negative, mantissa, exponent] = take_apart(value);
  const int scaled = exponent - 52;
  return (negative ? "-" : "") + std::to_string(mantissa) + "p" + (scaled >= 0 ? "+" : "") +
         std::to_string(scaled);
}

std::string hexadecimal(double value, bool upper, int precision) {
  auto [negative, mantissa, exponent] = take_apart(value);
  constexpr std::uint64_t kLead = std::uint64_t{1} << 60;  // where the leading bit goes
  if (mantissa == 0) exponent = 0;
  mantissa <<= 8;
  while (mantissa != 0 && (mantissa & kLead) == 0) {
    mantissa <<= 1;
    --exponent;
  }
  if (precision >= 0 && precision < 15) {
    const int shift = precision * 4;
    const std::uint64_t extra = (mantissa << shift) & (kLead - 1);
    mantissa >>= 60 - shift;
    if ((extra | (mantissa & 1)) > std::uint64_t{1} << 59) ++mantissa;  // half to even
    mantissa <<= 60 - shift;
    if ((mantissa & (kLead << 1)) != 0) {
      mantissa >>= 1;
      ++exponent;
    }
  }
  const char* hex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out = negative ? "-0" : "0";
  out += upper ? 'X' : 'x';
  out += (mantissa >> 60 & 1) != 0 ? '1' : '0';
  mantissa <<= 4;
  if (precision > 0 || (precision < 0 && mantissa != 0)) out += '.';
  for (int i = 0; precision < 0 ? mantissa != 0 : i < precision; ++i) {
    out += hex[mantissa >> 60 & 15];
    mantissa <<= 4;
  }
  out += upper ? 'P' : 'p';
  out += exponent < 0 ? '-' : '+';
  const std::string magnitude = std::to_string(std::abs(exponent));
  return out += (magnitude.size() < 2 ? "0" : "") + magnitude;
}

}  // namespace

std::string format_float(double value, char verb, int precision) {
  switch (verb) {
    case 'b':
      return binary(value);
    case 'x':
    case 'X':
      return hexadecimal(value, verb == 'X', precision);
    case 'g':
    case 'G':
      return general(value, verb == 'G', precision);
    case 'f':
      return print(value, std::chars_format::fixed, std::max(precision, 0));
    default:
      break;
  }
  std::string out = print(value, std::chars_format::scientific, std::max(precision, 0));
  if (verb == 'E') std::replace(out.begin(), out.end(), 'e', 'E');
  return out;
}

}  // namespace maand::tpl
