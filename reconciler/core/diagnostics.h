// What is wrong with a workspace, where, and what to do about it.
//
// Loading collects every problem before anybody decides anything; a reader gets
// all of them at once, in a stable order.
#pragma once

#include <string>
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

}  // namespace maand
