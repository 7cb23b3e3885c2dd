#include "reconciler/core/template/printer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "reconciler/core/template/verbs.h"

namespace maand::tpl {
namespace {

constexpr std::int64_t kLargest = 1'000'000;  // width and precision, as in Go

// One walk over a format string. The names follow fmt's doPrintf.
class FormatWalk {
 public:
  FormatWalk(std::string& out, std::string_view format, std::span<const Value> values, std::size_t most_bytes)
      : printer_(out, most_bytes), format_(format), values_(values) {}

  bool run() {
    while (at_ < format_.size() && !printer_.overflow()) {
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      if (percent > at_) printer_.write(format_.substr(at_, percent - at_));
      at_ = percent + 1;
      if (percent < format_.size() && !directive()) break;
    }
    if (!reordered_ && next_ < values_.size()) extra();
    return !printer_.overflow();
  }

 private:
  // false: the format ends within a directive.
  bool directive() {
    Flags& flags = printer_.flags;
    flags = {};
    good_index_ = true;
    after_index_ = false;
    for (; at_ < format_.size(); ++at_) {
      const char c = format_[at_];
      if (c == '#') {
        flags.sharp = true;
      } else if (c == '0') {
        flags.zero = true;
      } else if (c == '+') {
        flags.plus = true;
      } else if (c == '-') {
        flags.minus = true;
      } else if (c == ' ') {
        flags.space = true;
      } else {
        break;
      }
    }
    argument_index();
    width(flags);
    precision(flags);
    if (!after_index_) argument_index();
    if (at_ >= format_.size()) {
      printer_.write("%!(NOVERB)");
      return false;
    }
    const Decoded verb = decode_rune(format_.substr(at_));
    at_ += verb.width;
    apply(verb.rune);
    return true;
  }

  void apply(Rune verb) {
    if (verb == '%') return printer_.write('%');
    if (!good_index_) return complain(verb, "(BADINDEX)");
    if (next_ >= values_.size()) return complain(verb, "(MISSING)");
    Flags& flags = printer_.flags;
    if (verb == 'v' || verb == 'w') {
      flags.sharp_v = flags.sharp;
      flags.sharp = false;
      flags.plus_v = flags.plus;
      flags.plus = false;
    }
    printer_.print(values_[next_++], verb);
  }

  void complain(Rune verb, std::string_view what) {
    std::string text = "%!";
    append_rune(text, verb);
    printer_.write(text);
    printer_.write(what);
  }

  void width(Flags& flags) {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const std::optional<int> value = integer_argument();
      flags.has_width = value.has_value();
      flags.width = value.value_or(0);
      if (!value) printer_.write("%!(BADWIDTH)");
      if (flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      after_index_ = false;
      return;
    }
    const std::optional<int> value = number();
    flags.has_width = value.has_value();
    flags.width = value.value_or(0);
    if (after_index_ && value) good_index_ = false;  // "%[3]2d"
  }

  void precision(Flags& flags) {
    if (at_ + 1 >= format_.size() || format_[at_] != '.') return;
    ++at_;
    if (after_index_) good_index_ = false;  // "%[3].2d"
    argument_index();
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const std::optional<int> value = integer_argument();
      flags.has_precision = value && *value >= 0;
      flags.precision = flags.has_precision ? *value : 0;
      if (!flags.has_precision) printer_.write("%!(BADPREC)");
      after_index_ = false;
      return;
    }
    flags.precision = number().value_or(0);
    flags.has_precision = true;
  }

  // An int operand as width or precision.
  std::optional<int> integer_argument() {
    if (next_ >= values_.size()) return std::nullopt;
    const Value& value = values_[next_++];
    if (value.kind() != Kind::kInt && value.kind() != Kind::kByte) return std::nullopt;
    if (value.as_int() > kLargest || value.as_int() < -kLargest) return std::nullopt;
    return static_cast<int>(value.as_int());
  }

  // Digits at the place; a number too large takes the rest of the format with it, as in Go.
  std::optional<int> number() { return number_within(at_, format_.size()); }

  std::optional<int> number_within(std::size_t& at, std::size_t end) const {
    std::optional<int> value;
    while (at < end && format_[at] >= '0' && format_[at] <= '9') {
      if (value.value_or(0) > kLargest) {
        at = end;
        return std::nullopt;
      }
      value = value.value_or(0) * 10 + (format_[at++] - '0');
    }
    return value;
  }

  // `[n]`: which operand comes next.
  void argument_index() {
    after_index_ = false;
    if (at_ >= format_.size() || format_[at_] != '[') return;
    reordered_ = true;
    const std::size_t close = format_.find(']', at_ + 1);
    if (format_.size() - at_ < 3 || close == std::string_view::npos) {
      good_index_ = false;
      at_ += 1;
      return;
    }
    std::size_t at = at_ + 1;
    const std::optional<int> index = number_within(at, close);
    const bool parsed = index && at == close;
    at_ = close + 1;
    after_index_ = parsed;
    if (parsed && *index >= 1 && static_cast<std::size_t>(*index) <= values_.size()) {
      next_ = static_cast<std::size_t>(*index) - 1;
    } else {
      good_index_ = false;
    }
  }

  void extra() {
    printer_.flags = {};
    printer_.write("%!(EXTRA ");
    for (std::size_t i = next_; i < values_.size(); ++i) {
      if (i > next_) printer_.write(", ");
      if (values_[i].valid()) {
        printer_.print_typed(values_[i]);
      } else {
        printer_.write("<nil>");
      }
    }
    printer_.write(')');
  }

  VerbPrinter printer_;
  std::string_view format_;
  std::span<const Value> values_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;    // the operand to be printed next
  bool reordered_ = false;  // some directive chose its operand
  bool good_index_ = true;
  bool after_index_ = false;  // the last thing read was `[n]`
};

}  // namespace

bool print_value(std::string& out, const Value& value, std::size_t most_bytes) {
  if (value.kind() == Kind::kString) {  // by far the commonest
    const std::string_view text = value.as_string();
    if (text.size() > most_bytes || out.size() > most_bytes - text.size()) return false;
    out += text;
    return true;
  }
  if (value.kind() == Kind::kInt) {
    char digits[24];
    const char* end = std::to_chars(digits, digits + sizeof digits, value.as_int()).ptr;
    return print_value(out, Value::of_string({digits, static_cast<std::size_t>(end - digits)}), most_bytes);
  }
  VerbPrinter printer(out, most_bytes);
  printer.print(value, 'v');
  return !printer.overflow();
}

bool print_all(std::string& out, std::span<const Value> values, std::size_t most_bytes) {
  bool after_string = true;
  for (const Value& value : values) {
    const bool is_string = value.kind() == Kind::kString;
    if (!is_string && !after_string && !print_value(out, Value::of_string(" "), most_bytes)) return false;
    if (!print_value(out, value, most_bytes)) return false;
    after_string = is_string;
  }
  return true;
}

bool print_line(std::string& out, std::span<const Value> values, std::size_t most_bytes) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && !print_value(out, Value::of_string(" "), most_bytes)) return false;
    if (!print_value(out, values[i], most_bytes)) return false;
  }
  return print_value(out, Value::of_string("\n"), most_bytes);
}

bool print_format(std::string& out, std::string_view format, std::span<const Value> values,
                  std::size_t most_bytes) {
  return FormatWalk(out, format, values, most_bytes).run();
}

}  // namespace maand::tpl
