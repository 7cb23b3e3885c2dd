#include "reconciler/cli/commands/validate.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "gitsource/directory_view.h"
#include "reconciler/app/zone_files.h"
#include "reconciler/cli/checkout.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/problem_line.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/desired.h"
#include "reconciler/core/placement.h"
#include "reconciler/core/workspace.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

struct Verdict {
  std::vector<Diagnostic> problems;  // errors first, in the order of the files
  std::size_t errors = 0;
  std::size_t warnings = 0;
  std::size_t workers = 0;
  std::size_t jobs = 0;
  std::size_t allocations = 0;
};

void add(Verdict& verdict, const Diagnostics& diagnostics, bool only_warn) {
  for (Diagnostic one : diagnostics.all()) {
    if (only_warn) one.severity = Severity::kWarning;
    verdict.problems.push_back(std::move(one));
  }
}

// What only shows once ports are given out and templates are rendered. Nothing is
// stored here: values that hooks or operators bring are missing, and that is no mistake.
void add_trial(Verdict& verdict, const Workspace& workspace) {
  const VariableSources sources{BucketId("validate"), nullptr, nullptr, ""};
  const DesiredState desired = make_desired(
      {.commit = {}, .workspace = workspace, .applied = {}, .kept = {}, .sources = sources, .trial = true});
  std::set<std::string> told;
  for (const Diagnostic& one : verdict.problems) told.insert(to_string(one));
  for (const Diagnostic& one : desired.problems.all()) {
    if (told.count(to_string(one)) == 0) verdict.problems.push_back(one);
  }
  for (const auto& [name, job] : desired.jobs) {
    for (const MissingValue& one : job.missing) {
      verdict.problems.push_back({Severity::kWarning, one.path, "",
                                  "line " + std::to_string(one.line) + ", column " +
                                      std::to_string(one.column) + ": " + one.name +
                                      " is not in the workspace",
                                  "the job waits until a hook or an operator stores it"});
    }
  }
}

Verdict judge(const Workspace& workspace) {
  Verdict verdict;
  add(verdict, workspace.commit, false);
  // A directory without a manifest is told, and is an error only where it ran before (R1.6).
  for (const auto& [name, job] : workspace.broken) add(verdict, job.diagnostics, job.without_manifest);
  for (const BetweenJobs& between : workspace.between) verdict.problems.push_back(between.diagnostic);
  add(verdict, workspace.warnings, false);
  if (!workspace.refused()) add_trial(verdict, workspace);
  std::stable_partition(verdict.problems.begin(), verdict.problems.end(),
                        [](const Diagnostic& one) { return one.severity == Severity::kError; });
  for (const Diagnostic& one : verdict.problems) {
    ++(one.severity == Severity::kError ? verdict.errors : verdict.warnings);
  }
  verdict.workers = workspace.workers.size();
  verdict.jobs = workspace.jobs.size() + workspace.broken.size();
  std::vector<const Job*> jobs;
  for (const auto& [name, job] : workspace.jobs) jobs.push_back(&job);
  for (const auto& workers : place(workspace.workers, jobs)) verdict.allocations += workers.size();
  return verdict;
}

const char* word(const Diagnostic& one) { return one.severity == Severity::kError ? "error" : "warning"; }

std::string count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

// 0: nobody knows.
int line_of(const Diagnostic& one, const fs::path& directory) {
  if (const int line = line_in_message(one.message); line > 0) return line;
  if (one.field.empty() || !one.path.ends_with(".json")) return 0;
  std::ifstream in(directory / one.path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return line_of_field(text, one.field);
}

void print_json(const Verdict& verdict, const fs::path& directory) {
  std::vector<std::string> problems;
  for (const Diagnostic& one : verdict.problems) {
    JsonObject problem;
    problem.text("severity", word(one)).text("path", one.path).text("field", one.field);
    if (const int line = line_of(one, directory); line > 0) problem.number("line", line);
    problems.push_back(problem.text("message", one.message).text("advice", one.advice).str());
  }
  std::cout << JsonObject()
                   .flag("valid", verdict.errors == 0)
                   .number("errors", static_cast<std::int64_t>(verdict.errors))
                   .number("warnings", static_cast<std::int64_t>(verdict.warnings))
                   .number("workers", static_cast<std::int64_t>(verdict.workers))
                   .number("jobs", static_cast<std::int64_t>(verdict.jobs))
                   .number("allocations", static_cast<std::int64_t>(verdict.allocations))
                   .raw("diagnostics", json_array(problems))
                   .str()
            << "\n";
}

// https://docs.github.com/actions/reference/workflow-commands: `%`, CR and LF are
// escaped in data, `:` and `,` as well in properties.
std::string github_escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool escape = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    static constexpr char kDigits[] = "0123456789ABCDEF";
    if (escape) {
      out += {'%', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

void print_github(const Verdict& verdict, const fs::path& prefix, const fs::path& directory) {
  for (const Diagnostic& one : verdict.problems) {
    const std::string text = (one.field.empty() ? "" : one.field + ": ") + one.message +
                             (one.advice.empty() ? "" : " — " + one.advice);
    const int line = line_of(one, directory);
    std::cout << "::" << word(one)
              << " file=" << github_escaped((prefix / one.path).lexically_normal().string(), true)
              << (line > 0 ? ",line=" + std::to_string(line) : "")
              << ",title=maand::" << github_escaped(text, false) << "\n";
  }
}

void print_text(const Verdict& verdict, const fs::path& prefix, bool color) {
  for (Diagnostic one : verdict.problems) {
    const Ink ink = one.severity == Severity::kError ? Ink::kBad : Ink::kWarn;
    const std::string severity = word(one);
    one.path = (prefix / one.path).lexically_normal().string();
    std::cout << inked(severity + ":", ink, color) << " " << to_string(one) << "\n";
  }
  if (!verdict.problems.empty()) std::cout << "\n";
  const std::string size = count(verdict.jobs, "job") + " on " + count(verdict.workers, "worker") + ", " +
                           count(verdict.allocations, "allocation");
  if (verdict.errors > 0) {
    std::cout << count(verdict.errors, "error") << ", " << count(verdict.warnings, "warning") << " in "
              << size << "\n";
  } else {
    std::cout << inked("valid", Ink::kGood, color) << ": " << size
              << (verdict.warnings > 0 ? ", " + count(verdict.warnings, "warning") : "") << "\n";
  }
}

fs::path workspace_of(const std::string& directory, const fs::path& here) {
  if (directory.empty()) {
    const auto found = find_workspace(here);
    if (found) return *found;
    throw CommandError(kExitUsage, "there is no workspace in " + here.string() +
                                       " or above it; name the directory that holds workers.json");
  }
  const fs::path named = (here / directory).lexically_normal();
  std::error_code ignored;
  if (!fs::is_directory(named, ignored)) {
    throw CommandError(kExitUsage, "there is no directory " + named.string());
  }
  return workspace_in(named);
}

}  // namespace

int run_validate(const Context& context, const ValidateOptions& options) {
  const fs::path here = fs::current_path();
  const fs::path directory = workspace_of(options.directory, here);
  Verdict verdict;
  try {
    const ZoneFiles zones;
    WorkspaceLimits limits;
    limits.zones = &zones;
    verdict = judge(load_workspace(*open_directory_view(directory.string()), "", limits));
  } catch (const SourceError& error) {
    throw CommandError(error.problem() == SourceProblem::kNotFound ? kExitUsage : kExitFailed, error.what());
  }
  const fs::path prefix = shown_path(directory, here);
  if (context.json) {
    print_json(verdict, directory);
  } else if (options.format == "github") {
    print_github(verdict, prefix, directory);
  } else {
    print_text(verdict, prefix, context.color);
  }
  return verdict.errors == 0 ? kExitDone : kExitFailed;
}

}  // namespace maand
