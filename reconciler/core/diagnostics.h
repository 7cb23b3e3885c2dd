// What is wrong with a workspace, where, and what to do about it.
//
// Loading collects every problem before anybody decides anything; a reader gets
// all of them at once, in a stable order.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maand {

enum class Severity {
  kWarning,  // told once, applied all the same (unknown field, deprecated name)
  kError,    // the unit it belongs to (job, or commit) is not applied
};

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string path;     // file relative to the workspace, e.g. `jobs/api/manifest.json`
  std::string field;    // JSON path in it, e.g. `resources.memory.min`; empty = the whole file
  std::string message;  // what is wrong, naming the value
  std::string advice;   // what to do
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

// `jobs/api/manifest.json: resources.memory.min: "5 kb" has … — write …`
std::string to_string(const Diagnostic& diagnostic);

// A growing list with the two shorthands that loaders need.
class Diagnostics {
 public:
  void error(std::string path, std::string field, std::string message, std::string advice);
  void warning(std::string path, std::string field, std::string message, std::string advice);
  void append(const Diagnostics& other);

  bool has_errors() const;
  const std::vector<Diagnostic>& all() const { return all_; }

 private:
  std::vector<Diagnostic> all_;
};

// A place in a file of the workspace that is being read. Cheap to derive for a
// member or an item, so that every message names where it belongs. Refers to the
// Diagnostics it was made with, which must outlive it.
class Site {
 public:
  Site(Diagnostics& diagnostics, std::string path, std::string field = {})
      : diagnostics_(&diagnostics), path_(std::move(path)), field_(std::move(field)) {}

  Site member(std::string_view name) const;  // `resources` → `resources.memory`
  Site item(std::size_t index) const;        // `checks` → `checks[2]`

  void error(std::string message, std::string advice) const;
  void warning(std::string message, std::string advice) const;

  const std::string& path() const { return path_; }
  const std::string& field() const { return field_; }

 private:
  Diagnostics* diagnostics_;
  std::string path_;
  std::string field_;
};

}  // namespace maand
