#include "reconciler/core/template/value.h"

#include <algorithm>
#include <memory>

namespace maand::tpl {

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::kNothing:
      return "nil";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kByte:
      return "uint8";
    case Kind::kFloat:
      return "float64";
    case Kind::kComplex:
      return "complex128";
    case Kind::kString:
      return "string";
    case Kind::kList:
      return "[]string";
    case Kind::kTemplateData:
      return "maand.TemplateData";
    case Kind::kWorkerData:
      return "maand.WorkerData";
    case Kind::kUnset:
      break;
  }
  return "";
}

bool is_true(const Value& value) {
  switch (value.kind()) {
    case Kind::kNothing:
      return false;
    case Kind::kBool:
      return value.as_bool();
    case Kind::kInt:
    case Kind::kByte:
      return value.as_int() != 0;
    case Kind::kFloat:
      return value.as_float() != 0;
    case Kind::kComplex:
      return value.as_float() != 0 || value.imaginary() != 0;
    case Kind::kString:
      return !value.as_string().empty();
    case Kind::kList:
      return value.list_size() > 0;
    case Kind::kTemplateData:
    case Kind::kWorkerData:
      return true;
    case Kind::kUnset:
      break;
  }
  return false;
}

bool Arena::charge(std::size_t bytes) {
  if (exhausted_ || bytes > left_bytes_) {
    exhausted_ = true;
    return false;
  }
  left_bytes_ -= bytes;
  return true;
}

Value Arena::keep(std::string_view text) {
  if (!charge(text.size() + sizeof(std::string))) return {};
  auto* kept = static_cast<char*>(memory_.allocate(text.size() + 1, 1));
  std::copy(text.begin(), text.end(), kept);
  return Value::of_string({kept, text.size()});
}

Value Arena::keep_list(const std::vector<std::string_view>& elements) {
  if (!charge(elements.size() * sizeof(std::string_view) + sizeof(elements))) return {};
  auto* kept = static_cast<std::string_view*>(
      memory_.allocate((elements.size() + 1) * sizeof(std::string_view), alignof(std::string_view)));
  std::uninitialized_copy(elements.begin(), elements.end(), kept);
  return Value::of_list(kept, elements.size(), elements.size());
}

Value Arena::keep_list(const std::vector<std::string>& elements) {
  std::vector<std::string_view> views;
  views.reserve(elements.size());
  for (const std::string& element : elements) {
    const Value kept = keep(element);
    if (exhausted_) return {};
    views.push_back(kept.as_string());
  }
  return keep_list(views);
}

}  // namespace maand::tpl
