// What an expression yields: a small tagged union over memory that somebody else
// keeps (the template, the TemplateValues, or the Arena of one rendering).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/template/template.h"

namespace maand::tpl {

// The kinds of Go's values that a template of ours can meet.
enum class Kind : std::uint8_t {
  kNothing,  // Go's invalid reflect.Value and nil: `<no value>`
  kBool,
  kInt,
  kByte,  // uint8: what `index` finds in a string
  kFloat,
  kComplex,
  kString,
  kList,          // []string
  kTemplateData,  // dot
  kWorkerData,    // the struct within it
  kUnset,         // never the value of an expression: a variable whose declaration was skipped
};

// Go's name of the type, as `%T` prints it.
std::string_view type_name(Kind kind);

class Value {
 public:
  Value() = default;
  static Value of_bool(bool b) { return Value(Kind::kBool, static_cast<std::int64_t>(b)); }
  static Value of_int(std::int64_t i) { return Value(Kind::kInt, i); }
  static Value of_byte(std::uint8_t b) { return Value(Kind::kByte, static_cast<std::int64_t>(b)); }
  static Value of_float(double f) { return of_complex(f, 0, Kind::kFloat); }
  static Value of_complex(double real, double imaginary, Kind kind = Kind::kComplex) {
    Value value;
    value.kind_ = kind;
    value.complex_ = {real, imaginary};
    return value;
  }
  static Value of_string(std::string_view text) {
    Value value;
    value.kind_ = Kind::kString;
    value.text_ = {text.data(), text.size()};
    return value;
  }
  // A Go slice: `size` elements, `capacity` of them reachable by slicing again.
  static Value of_list(const std::string_view* first, std::size_t size, std::size_t capacity) {
    Value value;
    value.kind_ = Kind::kList;
    value.list_ = {first, static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(capacity)};
    return value;
  }
  static Value of_data(const TemplateData* data, Kind kind) {
    Value value;
    value.kind_ = kind;
    value.data_ = data;
    return value;
  }

  static Value unset() { return Value(Kind::kUnset, 0); }

  Kind kind() const { return kind_; }
  bool valid() const { return kind_ != Kind::kNothing; }
  // Each REQUIRES the kind it is named for.
  bool as_bool() const { return integer_ != 0; }
  std::int64_t as_int() const { return integer_; }  // kInt and kByte
  double as_float() const { return complex_.real; }
  double imaginary() const { return complex_.imaginary; }
  std::string_view as_string() const { return {text_.data, text_.size}; }
  const std::string_view* elements() const { return list_.first; }
  std::size_t list_size() const { return list_.size; }
  std::size_t list_capacity() const { return list_.capacity; }
  const TemplateData& data() const { return *data_; }

  // Read from a secret, or made from something that was: must not reach a message.
  bool secret() const { return secret_; }
  void mark_secret(bool secret) { secret_ = secret; }

 private:
  Value(Kind kind, std::int64_t integer) : kind_(kind), integer_(integer) {}

  struct Complex {
    double real, imaginary;
  };
  struct Text {
    const char* data;
    std::size_t size;
  };
  struct List {
    const std::string_view* first;
    std::uint32_t size, capacity;
  };

  Kind kind_ = Kind::kNothing;
  bool secret_ = false;
  union {
    std::int64_t integer_ = 0;
    Complex complex_;
    Text text_;
    List list_;
    const TemplateData* data_;
  };
};

// Go's truth: not the zero of its type; structs are always true.
bool is_true(const Value& value);

// Memory of one rendering. Everything in it lives until the arena dies.
class Arena {
 public:
  explicit Arena(std::size_t most_bytes) : left_bytes_(most_bytes) {}

  // false: the bound is reached and exhausted() is true from now on.
  bool charge(std::size_t bytes);
  bool exhaust() {
    exhausted_ = true;
    return false;
  }
  bool exhausted() const { return exhausted_; }
  std::size_t left_bytes() const { return left_bytes_; }

  // A value over a copy of `text`; kNothing when the bound is reached.
  Value keep(std::string_view text);
  // The first over what its elements look at, the second over copies of them.
  Value keep_list(const std::vector<std::string_view>& elements);
  Value keep_list(const std::vector<std::string>& elements);

 private:
  std::size_t left_bytes_;
  bool exhausted_ = false;
  // The first few hundred bytes need no allocation, and nothing is freed one by one.
  alignas(std::max_align_t) std::byte first_[1024];
  std::pmr::monotonic_buffer_resource memory_{first_, sizeof first_};
};

}  // namespace maand::tpl
