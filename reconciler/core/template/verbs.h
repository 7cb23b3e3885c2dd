// One operand under one verb of printf: fmt's `pp` and `fmt` for the kinds we have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reconciler/core/template/unicode.h"
#include "reconciler/core/template/value.h"

namespace maand::tpl {

struct Flags {
  bool has_width = false, has_precision = false;
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  bool plus_v = false, sharp_v = false;  // %+v and %#v
  int width = 0, precision = 0;          // 0 to 1,000,000
};

class VerbPrinter {
 public:
  VerbPrinter(std::string& out, std::size_t most_bytes) : out_(out), most_bytes_(most_bytes) {}

  Flags flags;

  void print(const Value& value, Rune verb);
  // `type=value`, as complaints show an operand.
  void print_typed(const Value& value);
  void write(std::string_view text);
  void write(char c) { write(std::string_view(&c, 1)); }
  bool overflow() const { return overflow_; }

 private:
  // `nested`: within a list or struct, where nil and %w read differently.
  void print_nested(const Value& value, Rune verb);
  void print_list(const Value& list, Rune verb);
  void print_fields(const Value& data, Rune verb);
  void integer(const Value& value, Rune verb);
  void digits(std::uint64_t magnitude, bool negative, unsigned base, Rune verb, bool upper);
  void unicode_point(std::uint64_t point);
  void character(std::uint64_t point, bool quoted);
  void floating(double value, Rune verb, const Value& whole);
  void float_digits(double value, char verb, int precision);
  void complex(const Value& value, Rune verb);
  void string(const Value& value, Rune verb);
  void hex_string(std::string_view text, bool upper);
  void bad_verb(const Value& value, Rune verb);

  void pad(std::string_view text);
  void pad_without_zeros(std::string_view text);
  void padding(std::size_t count, bool zeros);
  std::string_view cut(std::string_view text) const;

  std::string& out_;
  std::size_t most_bytes_;
  bool overflow_ = false;
};

}  // namespace maand::tpl
