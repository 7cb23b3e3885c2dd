#include "reconciler/cli/commands/render.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "reconciler/cli/allocation_name.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/judged_head.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/file_change.h"
#include "reconciler/core/placement.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

struct Chosen {
  AllocationKey key;
  const FileSet* files = nullptr;
};

[[noreturn]] void refuse(const JudgedHead& head) {
  std::string problems = head.label + " is refused, so nothing of it would be rendered:";
  for (const Diagnostic& one : head.workspace.commit.all()) problems += "\n  " + to_string(one);
  throw CommandError(kExitHeld, problems);
}

const DesiredJob& job_of(const JudgedHead& head, const JobName& name) {
  const auto found = head.desired->jobs.find(name);
  if (found != head.desired->jobs.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, job] : head.desired->jobs) names.push_back(known.str());
  const auto near = nearest(name.str(), names);
  throw CommandError(kExitUsage, "no job " + quote(name.str()) + " is in " + head.label +
                                     (near ? "; did you mean `" + *near + "`?" : ""));
}

// Why the job's own files cannot be shown.
void require_content(const JudgedHead& head, const DesiredJob& job) {
  if (!job.held) return;
  std::string text = job.name.str() + " of " + head.label +
                     " cannot be rendered: " + explain(job.held_reason) +
                     (job.held_detail.empty() ? "" : " (" + job.held_detail + ")");
  for (const Diagnostic& one : head.desired->problems.all()) {
    if (one.path.starts_with("jobs/" + job.name.str() + "/")) text += "\n  " + to_string(one);
  }
  if (job.job) {
    std::cerr << "warning: " << text << "\nwarning: shown is its last good content, of "
              << job.commit.str().substr(0, 12) << "\n";
    return;
  }
  throw CommandError(kExitHeld, text);
}

std::vector<Chosen> choose(const JudgedHead& head, const DesiredJob& job, const WorkerHost& worker) {
  std::vector<Chosen> out;
  for (std::size_t i = 0; i < job.workers.size(); ++i) {
    const Worker& on = head.desired->workers[job.workers[i]];
    if (!worker.empty() && on.host != worker) continue;
    out.push_back({{job.name, on.host}, job.content(i).files.get()});
  }
  if (!out.empty()) return out;
  if (worker.empty()) throw CommandError(kExitUsage, job.name.str() + " matches no worker of " + head.label);
  for (const Worker& one : head.desired->workers) {
    if (one.host == worker) throw CommandError(kExitUsage, explain_placement(*job.job, one));
  }
  throw CommandError(kExitUsage, "workers.json of " + head.label + " has no worker " + worker.str());
}

std::string bytes_of(const JudgedHead& head, const JobName& job, const ShippedFile& file) {
  if (file.text) return *file.text;
  const auto bytes = head.read(job, file);
  if (!bytes) throw CommandError(kExitFailed, "jobs/" + job.str() + "/" + file.path + " cannot be read");
  return *bytes;
}

void print_json(const JudgedHead& head, const std::vector<Chosen>& chosen, const std::string& only) {
  std::vector<std::string> allocations;
  for (const Chosen& one : chosen) {
    std::vector<std::string> files;
    for (const ShippedFile& file : one.files->files) {
      if (!only.empty() && file.path != only) continue;
      JsonObject out;
      out.text("path", file.path).text("mode", mode_text(file)).text("owner", owner_text(file));
      out.number("size_bytes", static_cast<std::int64_t>(file.size_bytes)).text("sha256", file.content.hex());
      out.flag("rendered", file.text != nullptr);
      const std::string bytes = file.text || !only.empty() ? bytes_of(head, one.key.job, file) : "";
      if (!bytes.empty() && is_utf8(bytes)) out.text("text", bytes);
      files.push_back(out.str());
    }
    allocations.push_back(JsonObject()
                              .text("job", one.key.job.str())
                              .text("worker", one.key.worker.str())
                              .raw("files", json_array(files))
                              .str());
  }
  std::cout
      << JsonObject().text("commit", head.commit.str()).raw("allocations", json_array(allocations)).str()
      << "\n";
}

// Contents of what was rendered; of the rest only that it is shipped as it is.
void print_text(const JudgedHead& head, const std::vector<Chosen>& chosen, const std::string& only,
                bool color) {
  for (const Chosen& one : chosen) {
    for (const ShippedFile& file : one.files->files) {
      if (!only.empty() && file.path != only) continue;
      if (!only.empty() && chosen.size() == 1) {
        std::cout << bytes_of(head, one.key.job, file);
        continue;
      }
      std::string title = one.key.str() + " " + printable(file.path, 1000) + "  " + mode_text(file);
      if (const std::string owner = owner_text(file); !owner.empty()) title += " " + owner;
      if (!file.text && only.empty()) title += "  as it is";
      std::cout << inked(title, Ink::kBold, color) << "\n";
      if (!file.text && only.empty()) continue;
      const std::string bytes = bytes_of(head, one.key.job, file);
      std::cout << bytes << (bytes.empty() || bytes.back() == '\n' ? "" : "\n");
    }
  }
}

}  // namespace

int run_render(const Context& context, const RenderOptions& options) {
  const AllocationKey which = parse_allocation(options.subject);
  const Bucket bucket = open_bucket(context);
  const JudgedHead head = judge_head(bucket, {options.commit, options.workspace, options.reveal});
  if (!head.desired) refuse(head);
  const DesiredJob& job = job_of(head, which.job);
  require_content(head, job);
  const std::vector<Chosen> chosen = choose(head, job, which.worker);
  if (!options.file.empty()) {
    const bool there = std::any_of(chosen.begin(), chosen.end(), [&](const Chosen& one) {
      return std::any_of(one.files->files.begin(), one.files->files.end(),
                         [&](const ShippedFile& file) { return file.path == options.file; });
    });
    if (!there) throw CommandError(kExitUsage, which.job.str() + " ships no file " + quote(options.file));
  }
  if (context.json) {
    print_json(head, chosen, options.file);
  } else {
    print_text(head, chosen, options.file, context.color);
  }
  return kExitDone;
}

}  // namespace maand
