#include "reconciler/core/template/verbs.h"

#include <algorithm>
#include <array>

#include "reconciler/core/template/fields.h"
#include "reconciler/core/template/float_text.h"
#include "reconciler/core/template/quoting.h"

namespace maand::tpl {

void VerbPrinter::write(std::string_view text) {
  if (overflow_ || text.size() > most_bytes_ || out_.size() > most_bytes_ - text.size()) {
    overflow_ = true;
    return;
  }
  out_ += text;
}

void VerbPrinter::padding(std::size_t count, bool zeros) {
  if (overflow_ || count > most_bytes_ || out_.size() > most_bytes_ - count) {
    overflow_ = true;
    return;
  }
  out_.append(count, zeros && !flags.minus ? '0' : ' ');
}

void VerbPrinter::pad(std::string_view text) {
  const std::size_t width = flags.has_width ? static_cast<std::size_t>(flags.width) : 0;
  const std::size_t length = width > 0 ? rune_count(text) : 0;
  const std::size_t missing = width > length ? width - length : 0;
  if (!flags.minus && missing > 0) padding(missing, flags.zero);
  write(text);
  if (flags.minus && missing > 0) padding(missing, false);
}

void VerbPrinter::pad_without_zeros(std::string_view text) {
  const bool zero = flags.zero;
  flags.zero = false;
  pad(text);
  flags.zero = zero;
}

// The first `precision` characters.
std::string_view VerbPrinter::cut(std::string_view text) const {
  if (!flags.has_precision) return text;
  std::size_t at = 0;
  for (int left = flags.precision; left > 0 && at < text.size(); --left)
    at += decode_rune(text.substr(at)).width;
  return text.substr(0, at);
}

void VerbPrinter::print(const Value& value, Rune verb) {
  if (!value.valid()) {
    if (verb == 'T' || verb == 'v') return pad("<nil>");
    return bad_verb(value, verb);
  }
  if (verb == 'T') return pad(cut(type_name(value.kind())));
  if (verb == 'p') return bad_verb(value, verb);
  const bool composite = value.kind() >= Kind::kList;
  if (verb == 'w' && composite) return bad_verb(value, verb);
  print_nested(value, verb);
}

void VerbPrinter::print_nested(const Value& value, Rune verb) {
  switch (value.kind()) {
    case Kind::kNothing:
    case Kind::kUnset:
      break;
    case Kind::kBool:
      if (verb == 't' || verb == 'v') return pad(value.as_bool() ? "true" : "false");
      break;
    case Kind::kInt:
    case Kind::kByte:
      return integer(value, verb);
    case Kind::kFloat:
      return floating(value.as_float(), verb, value);
    case Kind::kComplex:
      return complex(value, verb);
    case Kind::kString:
      return string(value, verb);
    case Kind::kList:
      return print_list(value, verb);
    case Kind::kTemplateData:
    case Kind::kWorkerData:
      return print_fields(value, verb);
  }
  bad_verb(value, verb);
}

void VerbPrinter::bad_verb(const Value& value, Rune verb) {
  std::string name;
  append_rune(name, verb);
  write("%!" + name + "(");
  if (value.valid()) {
    print_typed(value);
  } else {
    write("<nil>");
  }
  write(')');
}

void VerbPrinter::print_typed(const Value& value) {
  write(type_name(value.kind()));
  write('=');
  print(value, 'v');
}

void VerbPrinter::print_list(const Value& list, Rune verb) {
  if (flags.sharp_v) write(type_name(list.kind()));
  write(flags.sharp_v ? '{' : '[');
  for (std::size_t i = 0; i < list.list_size() && !overflow_; ++i) {
    if (i > 0) write(flags.sharp_v ? ", " : " ");
    print_nested(Value::of_string(list.elements()[i]), verb);
  }
  write(flags.sharp_v ? '}' : ']');
}

void VerbPrinter::print_fields(const Value& data, Rune verb) {
  if (flags.sharp_v) write(type_name(data.kind()));
  write('{');
  bool first = true;
  // Labels are printed from where they are: a list of them would need memory.
  for (const Field field : fields_in_order(data.kind())) {
    if (!first) write(flags.sharp_v ? ", " : " ");
    first = false;
    if (flags.plus_v || flags.sharp_v) {
      write(field_name(field));
      write(':');
    }
    if (field != Field::kLabels) {
      print_nested(field_of(data.data(), field), verb);
      continue;
    }
    std::vector<std::string_view> labels(data.data().labels.begin(), data.data().labels.end());
    print_list(Value::of_list(labels.data(), labels.size(), labels.size()), verb);
  }
  write('}');
}

void VerbPrinter::string(const Value& value, Rune verb) {
  const std::string_view text = cut(value.as_string());
  switch (verb) {
    case 's':
      return pad(text);
    case 'v':
      if (!flags.sharp_v) return pad(text);
      [[fallthrough]];
    case 'q':
      if (flags.sharp && can_backquote(text)) return pad("`" + std::string(text) + "`");
      return pad(go_quote(text, flags.plus));
    case 'x':
    case 'X':
      return hex_string(value.as_string(), verb == 'X');
    default:
      return bad_verb(value, verb);
  }
}

void VerbPrinter::hex_string(std::string_view text, bool upper) {
  if (flags.has_precision) text = text.substr(0, static_cast<std::size_t>(flags.precision));
  const char* hex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  const std::string_view prefix = upper ? "0X" : "0x";
  std::string out;
  out.reserve(text.size() * (flags.space ? 5 : 2) + 2);
  for (const char c : text) {
    if (flags.space && !out.empty()) out += ' ';
    if (flags.sharp && (flags.space || out.empty())) out += prefix;
    out += hex[static_cast<std::uint8_t>(c) >> 4];
    out += hex[static_cast<std::uint8_t>(c) & 0xF];
  }
  pad(out);
}

void VerbPrinter::integer(const Value& value, Rune verb) {
  const bool is_signed = value.kind() == Kind::kInt;
  const auto bits = static_cast<std::uint64_t>(value.as_int());
  const bool negative = is_signed && value.as_int() < 0;
  const std::uint64_t magnitude = negative ? 0 - bits : bits;
  switch (verb) {
    case 'v':
      if (flags.sharp_v && !is_signed) {
        const bool sharp = flags.sharp;
        flags.sharp = true;
        digits(magnitude, negative, 16, verb, false);
        flags.sharp = sharp;
        return;
      }
      [[fallthrough]];
    case 'd':
      return digits(magnitude, negative, 10, verb, false);
    case 'b':
      return digits(magnitude, negative, 2, verb, false);
    case 'o':
    case 'O':
      return digits(magnitude, negative, 8, verb, false);
    case 'x':
    case 'X':
      return digits(magnitude, negative, 16, verb, verb == 'X');
    case 'c':
      return character(bits, false);
    case 'q':
      return character(bits, true);
    case 'U':
      return unicode_point(bits);
    default:
      return bad_verb(value, verb);
  }
}

void VerbPrinter::digits(std::uint64_t magnitude, bool negative, unsigned base, Rune verb, bool upper) {
  std::size_t least = 0;
  if (flags.has_precision) {
    least = static_cast<std::size_t>(flags.precision);
    if (least == 0 && magnitude == 0) {  // "print nothing", but padding
      const bool zero = flags.zero;
      flags.zero = false;
      padding(static_cast<std::size_t>(flags.width), false);
      flags.zero = zero;
      return;
    }
  } else if (flags.zero && !flags.minus && flags.has_width) {
    least = static_cast<std::size_t>(flags.width);
    if (least > 0 && (negative || flags.plus || flags.space)) --least;  // room for the sign
  }
  const char* symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string reversed;
  do {
    reversed += symbols[magnitude % base];
    magnitude /= base;
  } while (magnitude != 0);
  if (least > reversed.size()) reversed.append(least - reversed.size(), '0');
  if (flags.sharp && base == 2) reversed += "b0";
  if (flags.sharp && base == 8 && reversed.back() != '0') reversed += '0';
  if (flags.sharp && base == 16) reversed += upper ? "X0" : "x0";
  if (verb == 'O') reversed += "o0";
  if (negative) {
    reversed += '-';
  } else if (flags.plus) {
    reversed += '+';
  } else if (flags.space) {
    reversed += ' ';
  }
  std::reverse(reversed.begin(), reversed.end());
  pad_without_zeros(reversed);
}

void VerbPrinter::unicode_point(std::uint64_t point) {
  std::string hex;
  for (std::uint64_t rest = point; rest != 0 || hex.empty(); rest >>= 4)
    hex += "0123456789ABCDEF"[rest & 0xF];
  const std::size_t least =
      flags.has_precision && flags.precision > 4 ? static_cast<std::size_t>(flags.precision) : 4;
  if (hex.size() < least) hex.append(least - hex.size(), '0');
  std::reverse(hex.begin(), hex.end());
  std::string out = "U+" + hex;
  if (flags.sharp && point <= kMaxRune && is_printable(static_cast<Rune>(point))) {
    out += " '";
    append_rune(out, static_cast<Rune>(point));
    out += '\'';
  }
  pad_without_zeros(out);
}

void VerbPrinter::character(std::uint64_t point, bool quoted) {
  const Rune rune = point > kMaxRune ? kRuneError : static_cast<Rune>(point);
  if (quoted) return pad(go_quote_rune(rune, flags.plus));
  std::string out;
  append_rune(out, rune);
  pad(out);
}

void VerbPrinter::floating(double value, Rune verb, const Value& whole) {
  switch (verb) {
    case 'v':
      return float_digits(value, 'g', -1);
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return float_digits(value, static_cast<char>(verb), -1);
    case 'f':
    case 'e':
    case 'E':
      return float_digits(value, static_cast<char>(verb), 6);
    case 'F':
      return float_digits(value, 'f', 6);
    default:
      return bad_verb(whole, verb);
  }
}

namespace {

// What `#` does to a float: a decimal point always, and trailing zeros up to `digits`.
std::string with_point(const std::string& number, char verb, int digits) {
  const bool hex = verb == 'x' || verb == 'X';
  const std::size_t tail_at = number.find_first_of(hex ? "pP" : "eE", 1);
  std::string body = number.substr(0, tail_at);
  const std::string tail = tail_at == std::string::npos ? "" : number.substr(tail_at);
  bool point = false, saw_nonzero = false;
  for (const char c : body.substr(1)) {
    if (c == '.') {
      point = true;
      continue;
    }
    saw_nonzero = saw_nonzero || c != '0';
    if (saw_nonzero) --digits;
  }
  if (!point) {
    if (body.size() == 2 && body[1] == '0') --digits;
    body += '.';
  }
  if (digits > 0) body.append(static_cast<std::size_t>(digits), '0');
  return body + tail;
}

}  // namespace

void VerbPrinter::float_digits(double value, char verb, int precision) {
  if (flags.has_precision) precision = flags.precision;
  std::string number = format_float(value, verb, precision);
  if (number[0] != '-') number.insert(number.begin(), '+');
  if (flags.space && number[0] == '+' && !flags.plus) number[0] = ' ';
  if (flags.sharp && verb != 'b') {
    const bool counts = verb == 'g' || verb == 'G' || verb == 'x';
    number = with_point(number, verb, counts ? (precision == -1 ? 6 : precision) : 0);
  }
  if (!flags.plus && number[0] == '+') return pad(std::string_view(number).substr(1));
  const std::size_t width = flags.has_width ? static_cast<std::size_t>(flags.width) : 0;
  if (flags.zero && !flags.minus && width > number.size()) {  // the sign stands before the zeros
    write(number[0]);
    padding(width - number.size(), true);
    return write(std::string_view(number).substr(1));
  }
  pad(number);
}

void VerbPrinter::complex(const Value& value, Rune verb) {
  constexpr std::u32string_view kVerbs = U"vbgGxXfFeE";
  if (kVerbs.find(verb) == std::u32string_view::npos) return bad_verb(value, verb);
  const bool plus = flags.plus;
  write('(');
  floating(value.as_float(), verb, value);
  flags.plus = true;  // the imaginary part always has its sign
  floating(value.imaginary(), verb, value);
  write("i)");
  flags.plus = plus;
}

}  // namespace maand::tpl
