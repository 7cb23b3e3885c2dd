#include "reconciler/cli/commands/job_create.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "reconciler/cli/checkout.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/core/json_slices.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

// `echo` alone, so that a first deploy of the scaffold is harmless everywhere.
constexpr const char* kMakefile =
    R"(# What maand calls on each worker, in this directory. A target that exits with
# another status than 0 has failed, and stops the rollout of this job.
#
# Every target gets CURRENT_VERSION (what runs here now; 0.0.0 when nothing does)
# and NEW_VERSION (what shall run). Keep what the application writes in data/,
# logs/ and bin/: maand never touches them.

# First deploy on a worker, and when the job is enabled again.
start:
	@echo "start $(NEW_VERSION): nothing to do yet"

# The job leaves this worker or is disabled. Has to succeed when nothing runs.
stop:
	@echo "stop $(CURRENT_VERSION): nothing to do yet"

# Files or version changed.
restart:
	@echo "restart $(CURRENT_VERSION) -> $(NEW_VERSION): nothing to do yet"

# Files or version changed, the manifest says "restart_policy": "reload", and no
# changed file matches its restart_globs.
reload:
	@echo "reload $(CURRENT_VERSION) -> $(NEW_VERSION): nothing to do yet"

# For `maand job status`: exit 0 when the job runs.
status:
	@echo "status: nothing to ask yet"

.PHONY: start stop restart reload status
)";

std::string manifest_text(const std::vector<std::string>& selectors) {
  std::string labels;
  for (const std::string& label : selectors) labels += (labels.empty() ? "" : ", ") + json_quote(label);
  return "{\n  \"version\": \"1.0.0\",\n  \"selectors\": [" + labels + "]\n}\n";
}

// Labels are compared in lower case (workspace.md 1.1).
std::vector<std::string> tidy(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const std::string& one : given) {
    const std::string label = lower(trim(one));
    if (label.empty() || printable(label) != label) {
      throw CommandError(kExitUsage, "--selectors: " + quote(one) + " is no label");
    }
    out.push_back(label);
  }
  if (out.empty()) {
    throw CommandError(
        kExitUsage,
        "say which workers run it: --selectors LABEL[,LABEL]. A worker needs all of the labels; "
        "every worker has the label \"worker\"");
  }
  return out;
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw CommandError(kExitFailed, "cannot write " + path.string() + ": " + std::strerror(errno));
}

}  // namespace

int run_job_create(const Context& context, const JobCreateOptions& options) {
  if (!is_job_name(options.name)) {
    throw CommandError(kExitUsage, quote(options.name) + " is no name for a job: " + kJobNameGrammar);
  }
  const std::vector<std::string> selectors = tidy(options.selectors);
  const fs::path directory = workspace_here() / "jobs" / options.name;
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  // Whoever comes second is refused: a job that somebody wrote is never overwritten.
  if (error || !fs::create_directory(directory, error)) {
    if (error) throw CommandError(kExitFailed, "cannot make " + directory.string() + ": " + error.message());
    throw CommandError(kExitUsage, directory.string() + " exists already; take another name");
  }
  write(directory / "manifest.json", manifest_text(selectors));
  write(directory / "Makefile", kMakefile);

  const std::vector<std::string> files = {(directory / "manifest.json").string(),
                                          (directory / "Makefile").string()};
  if (context.json) {
    std::cout << JsonObject().text("job", options.name).texts("files", files).str() << "\n";
    return kExitDone;
  }
  for (const std::string& file : files)
    std::cout << "wrote " << shown_path(file, fs::current_path()).string() << "\n";
  std::cout << "Fill in the Makefile, check with `maand validate`, then commit and push.\n";
  return kExitDone;
}

}  // namespace maand
