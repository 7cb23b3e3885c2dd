#include "reconciler/core/template/comparison.h"

#include <array>

namespace maand::tpl {
namespace {

// Go compares within basic kinds only; int and byte differ in sign alone.
bool is_integer(Kind kind) { return kind == Kind::kInt || kind == Kind::kByte; }
bool is_basic(Kind kind) { return kind >= Kind::kBool && kind <= Kind::kString; }

std::string incompatible(Kind a, Kind b) {
  return "incompatible types for comparison: " + std::string(type_name(a)) + " and " +
         std::string(type_name(b));
}

std::optional<bool> equals(const Value& a, const Value& b, std::string& problem) {
  const Kind kind = a.kind();
  if (is_integer(kind) && is_integer(b.kind())) return a.as_int() == b.as_int();
  if (kind != b.kind()) {
    if (!a.valid() || !b.valid()) return false;
    if (is_basic(kind) || is_basic(b.kind())) {
      problem = incompatible(kind, b.kind());
    } else {
      problem =
          "non-comparable types " + std::string(type_name(kind)) + " and " + std::string(type_name(b.kind()));
    }
    return std::nullopt;
  }
  switch (kind) {
    case Kind::kNothing:
      return true;
    case Kind::kBool:
      return a.as_bool() == b.as_bool();
    case Kind::kFloat:
      return a.as_float() == b.as_float();
    case Kind::kComplex:
      return a.as_float() == b.as_float() && a.imaginary() == b.imaginary();
    case Kind::kString:
      return a.as_string() == b.as_string();
    default:
      break;
  }
  problem = "non-comparable type " + std::string(type_name(kind));
  return std::nullopt;
}

}  // namespace

std::optional<bool> equals_any(std::span<const Value> values, std::string& problem) {
  if (values.size() < 2) {
    problem = "missing argument for comparison";
    return std::nullopt;
  }
  for (const Value& other : values.subspan(1)) {
    const std::optional<bool> same = equals(values[0], other, problem);
    if (!same || *same) return same;
  }
  return false;
}

std::optional<bool> is_less(const Value& a, const Value& b, std::string& problem) {
  if (!is_basic(a.kind()) || !is_basic(b.kind())) {
    problem =
        "invalid type for comparison: " + std::string(type_name(is_basic(a.kind()) ? b.kind() : a.kind()));
    return std::nullopt;
  }
  if (is_integer(a.kind()) && is_integer(b.kind())) return a.as_int() < b.as_int();
  if (a.kind() != b.kind()) {
    problem = incompatible(a.kind(), b.kind());
    return std::nullopt;
  }
  if (a.kind() == Kind::kFloat) return a.as_float() < b.as_float();
  if (a.kind() == Kind::kString) return a.as_string() < b.as_string();
  problem = "invalid type for comparison: " + std::string(type_name(a.kind()));
  return std::nullopt;
}

std::optional<bool> is_less_or_equal(const Value& a, const Value& b, std::string& problem) {
  const std::optional<bool> less = is_less(a, b, problem);
  if (!less || *less) return less;
  return equals_any(std::array{a, b}, problem);
}

}  // namespace maand::tpl
