#include "reconciler/core/diagnostics.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {

std::string to_string(const Diagnostic& diagnostic) {
  std::string out = diagnostic.path;
  if (!diagnostic.field.empty()) out += ": " + diagnostic.field;
  out += ": " + diagnostic.message;
  if (!diagnostic.advice.empty()) out += " — " + diagnostic.advice;
  return out;
}

void Diagnostics::error(std::string path, std::string field, std::string message, std::string advice) {
  all_.push_back(
      {Severity::kError, std::move(path), std::move(field), std::move(message), std::move(advice)});
}

void Diagnostics::warning(std::string path, std::string field, std::string message, std::string advice) {
  all_.push_back(
      {Severity::kWarning, std::move(path), std::move(field), std::move(message), std::move(advice)});
}

void Diagnostics::append(const Diagnostics& other) {
  all_.insert(all_.end(), other.all_.begin(), other.all_.end());
}

bool Diagnostics::has_errors() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

Site Site::member(std::string_view name) const {
  return {*diagnostics_, path_, field_.empty() ? printable(name) : field_ + "." + printable(name)};
}

Site Site::item(std::size_t index) const {
  return {*diagnostics_, path_, field_ + "[" + std::to_string(index) + "]"};
}

void Site::error(std::string message, std::string advice) const {
  diagnostics_->error(path_, field_, std::move(message), std::move(advice));
}

void Site::warning(std::string message, std::string advice) const {
  diagnostics_->warning(path_, field_, std::move(message), std::move(advice));
}

}  // namespace maand
