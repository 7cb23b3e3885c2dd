#include "reconciler/core/workspace.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "reconciler/core/between_jobs.h"
#include "reconciler/core/capacity.h"
#include "reconciler/core/disabled_file.h"
#include "reconciler/core/hold_key.h"
#include "reconciler/core/job_files.h"
#include "reconciler/core/manifest.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"
#include "reconciler/core/workers_file.h"

namespace maand {
namespace {

// Of a file that is parsed whole: larger ones are an accident, and a tree of
// values costs many times its text.
constexpr std::uint64_t kMaxControlBytes = 4ull << 20;

std::string join(std::string_view directory, std::string_view name) {
  return directory.empty() ? std::string(name) : std::string(directory) + "/" + std::string(name);
}

const Entry* find_entry(std::span<const Entry> entries, std::string_view path) {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), path,
                       [](const Entry& entry, std::string_view wanted) { return entry.path < wanted; });
  return found != entries.end() && found->path == path ? &*found : nullptr;
}

// Entries below `directory`; they lie together, since a view lists them sorted.
std::span<const Entry> below(std::span<const Entry> entries, const std::string& directory) {
  const std::string from = directory + "/";
  const std::string to = directory + "0";  // the byte after `/`
  const auto less = [](const Entry& entry, const std::string& wanted) { return entry.path < wanted; };
  const auto first = std::lower_bound(entries.begin(), entries.end(), from, less);
  return {first, std::lower_bound(first, entries.end(), to, less)};
}

bool is_file(const Entry& entry) {
  return entry.kind == EntryKind::kRegular || entry.kind == EntryKind::kExecutable;
}

// Text of a file that is parsed whole. nullopt: an error has been told.
std::optional<std::string> read_control(const FileView& view, const Entry& entry, const Site& site) {
  if (!is_file(entry)) {
    site.error("is not a regular file", "commit the file itself, not a symlink or a submodule");
  } else if (entry.size_bytes > kMaxControlBytes) {
    site.error("has more than " + std::to_string(kMaxControlBytes) + " bytes", "make it smaller");
  } else if (auto text = view.read(entry.path)) {
    return text;
  } else {
    site.error("cannot be read", "commit it again");
  }
  return std::nullopt;
}

// Of everything that may be a file, as seen from `directory`; sorted.
std::vector<std::string> relative_paths(std::span<const Entry> entries, const std::string& directory) {
  std::vector<std::string> out;
  for (const Entry& entry : entries) {
    if (entry.kind != EntryKind::kSubmodule) out.push_back(entry.path.substr(directory.size() + 1));
  }
  return out;
}

struct LoadedJob {
  Job job;
  bool without_manifest = false;
  Diagnostics diagnostics;
  Diagnostics catalogue;  // of `_prometheus/`
};

LoadedJob load_one(const FileView& view, std::string_view root, const std::string& directory_name,
                   std::span<const Entry> entries, const WorkspaceLimits& limits, ContentDigests* digests) {
  LoadedJob out;
  const std::string directory = join(root, "jobs/" + directory_name);
  const std::string label = "jobs/" + printable(directory_name);
  const JobName name(directory_name);
  const std::string manifest_path = label + "/manifest.json";
  const Site manifest(out.diagnostics, manifest_path);

  if (!is_job_name(directory_name)) {
    out.diagnostics.error(label, "", quote(directory_name) + " is no name for a job", kJobNameGrammar);
  }
  const Entry* entry = find_entry(entries, directory + "/manifest.json");
  out.without_manifest = !entry || !is_file(*entry);
  if (!entry) {
    manifest.error("is missing, so this directory is no job", "add it, or remove the directory");
  } else if (const auto text = read_control(view, *entry, manifest)) {
    out.job = parse_manifest(name, *text, manifest_path, out.diagnostics);
  }
  if (out.without_manifest) return out;  // whatever else lies there is not judged as a job
  if (!out.job.commands.empty()) {
    check_command_files(out.job.commands, relative_paths(entries, directory), manifest);
  }
  load_job_files(view, directory, label, entries, limits, digests, out.job, out.diagnostics, out.catalogue);
  out.job.tree = view.tree(directory);
  return out;
}

// Loads the parts of a workspace one after another, each with all its problems.
class Loader {
 public:
  Loader(const FileView& view, std::string_view root, const WorkspaceLimits& limits, ContentDigests* digests)
      : view_(view), root_(root), limits_(limits), digests_(digests) {}

  Workspace load() {
    auto entries = view_.list(root_);
    if (!entries) {
      out_.commit.error(root_, "", "there is no such folder in the commit",
                        "set git.path of maand.conf to the folder that holds workers.json");
      return std::move(out_);
    }
    entries_ = std::move(*entries);
    load_workers();
    load_disabled();
    load_bucket_conf();
    load_bucket_jobs_conf();
    load_policy();
    load_jobs();
    judge_catalogues();
    check_names();
    out_.between = check_between_jobs(out_.workers, out_.jobs, out_.disabled, broken_names());
    return std::move(out_);
  }

 private:
  const Entry* find(std::string_view name) const { return find_entry(entries_, join(root_, name)); }

  // Text of a file at the top of the workspace, when it is there and readable.
  std::optional<std::string> read(std::string_view name) {
    const Entry* entry = find(name);
    if (!entry) return std::nullopt;
    return read_control(view_, *entry, Site(out_.commit, std::string(name)));
  }

  // Errors refuse the commit, warnings are merely told.
  void sort_out(const Diagnostics& found) {
    for (const Diagnostic& one : found.all()) {
      if (one.severity == Severity::kError) {
        out_.commit.error(one.path, one.field, one.message, one.advice);
      } else {
        out_.warnings.warning(one.path, one.field, one.message, one.advice);
      }
    }
  }

  void load_workers() {
    if (!find("workers.json")) {
      out_.commit.error("workers.json", "", "is missing, and nothing is stopped because of that",
                        "add it with the list of workers");
    }
    Diagnostics found;
    if (const auto text = read("workers.json")) out_.workers = parse_workers(*text, "workers.json", found);
    sort_out(found);
  }

  void load_disabled() {
    Diagnostics found;
    if (const auto text = read("disabled.json"))
      out_.disabled = parse_disabled(*text, "disabled.json", found);
    sort_out(found);
  }

  void load_bucket_conf() {
    Diagnostics found;
    if (const auto text = read("bucket.conf")) out_.bucket = parse_bucket_conf(*text, "bucket.conf", found);
    sort_out(found);
  }

  // The file that counts is part of the bucket's settings (R1.3 covers it); the
  // others are those of other buckets of the same workspace, and merely judged.
  void load_bucket_jobs_conf() {
    out_.bucket_jobs.file = bucket_jobs_file(limits_.job_config_selector);
    static constexpr std::string_view kPrefix = "bucket.jobs.";
    const std::string prefix = join(root_, kPrefix);
    for (const Entry& entry : entries_) {
      if (!entry.path.starts_with(prefix) || !entry.path.ends_with(".conf")) continue;
      const std::string name = entry.path.substr(prefix.size() - kPrefix.size());
      if (name.find('/') != std::string::npos) continue;
      const std::string shown = printable(name);
      const bool counts = name == out_.bucket_jobs.file;
      Diagnostics found;
      BucketJobsConf conf;
      if (const auto text = read_control(view_, entry, Site(found, shown))) {
        conf = parse_bucket_jobs_conf(*text, shown, found);
      }
      if (counts) {
        sort_out(found);
        out_.bucket_jobs = std::move(conf);
        out_.bucket_jobs.file = shown;
      } else {
        for (const Diagnostic& one : found.all())
          out_.warnings.warning(one.path, one.field, one.message, one.advice);
      }
    }
  }

  void load_policy() {
    Diagnostics found;
    if (const auto text = read("policy.toml"))
      out_.windows = parse_policy(*text, "policy.toml", limits_.zones, found);
    sort_out(found);
  }

  void load_jobs() {
    const std::string jobs = join(root_, "jobs");
    std::set<std::string> directories;
    for (std::string& name : view_.subdirectories(jobs)) directories.insert(std::move(name));
    for (const Entry& entry : below(entries_, jobs)) {
      const std::string name = entry.path.substr(jobs.size() + 1);
      if (name.find('/') == std::string::npos) refuse_link(name, entry.kind);
    }
    for (const std::string& name : directories) {
      LoadedJob job = load_one(view_, root_, name, below(entries_, jobs + "/" + name), limits_, digests_);
      if (!job.without_manifest) {
        reserve(job.job, out_.bucket_jobs, job.diagnostics);
        job.job.tree = hold_key(job.job.tree, job.job, out_.bucket, out_.bucket_jobs);
      }
      put(name, std::move(job));
    }
  }

  // A job that became a symlink, a submodule or a file is not absent, so it is not removed (R1.6).
  // Files like README or OWNERS.md are no jobs.
  void refuse_link(const std::string& name, EntryKind kind) {
    const bool link = kind == EntryKind::kSymlink || kind == EntryKind::kSubmodule;
    const auto is_part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (!link && !std::all_of(name.begin(), name.end(), is_part)) return;
    LoadedJob job;
    job.without_manifest = true;
    const char* what = kind == EntryKind::kSymlink     ? "is a symlink"
                       : kind == EntryKind::kSubmodule ? "is a git submodule"
                                                       : "is a file";
    job.diagnostics.error("jobs/" + printable(name), "",
                          std::string(what) + ", and its files are not in the job directory",
                          "copy the files into a directory of that name");
    put(name, std::move(job));
  }

  void put(const std::string& name, LoadedJob loaded) {
    if (loaded.diagnostics.has_errors()) {
      // Names go into notes and messages, so only printable ones leave this place.
      const JobName key(printable(name));
      BrokenJob& broken =
          out_.broken.try_emplace(key, BrokenJob{key, loaded.without_manifest, {}}).first->second;
      broken.diagnostics.append(loaded.diagnostics);
    } else {
      out_.warnings.append(loaded.diagnostics);
      catalogues_.emplace(JobName(name), std::move(loaded.catalogue));
      out_.jobs.emplace(JobName(name), std::move(loaded.job));
    }
  }

  std::set<JobName> broken_names() const {
    std::set<JobName> names;
    for (const auto& [name, job] : out_.broken) names.insert(name);
    return names;
  }

  // workspace.md 13.1: without a server nobody reads `_prometheus/`, so nothing in it can be wrong.
  void judge_catalogues() {
    const bool server = std::any_of(out_.jobs.begin(), out_.jobs.end(),
                                    [](const auto& job) { return job.second.is_prometheus; });
    if (!server) return;
    for (auto& [name, found] : catalogues_) {
      if (!found.has_errors()) {
        out_.warnings.append(found);
        continue;
      }
      out_.broken[name] = BrokenJob{name, false, std::move(found)};
      out_.jobs.erase(name);
    }
  }

  void check_names() {
    if (out_.refused()) return;  // unknown names would only follow from the errors told already
    std::set<JobName> names = broken_names();
    for (const auto& [name, job] : out_.jobs) names.insert(name);
    for (const auto& [name, job] : out_.jobs) {
      if (job.renamed_from.empty() || names.count(job.renamed_from) == 0) continue;
      out_.warnings.warning(
          "jobs/" + name.str() + "/manifest.json", "renamed_from",
          quote(job.renamed_from.str()) + " is still a job, so nothing is taken over from it",
          "take it out; names are swapped in two commits, over a third name");
    }
    warn_of_unknown_names(out_.disabled, out_.workers, names, "disabled.json", out_.warnings);
    for (const auto& [name, settings] : out_.bucket_jobs.jobs) {
      if (names.count(name) > 0) continue;
      out_.warnings.warning(out_.bucket_jobs.file, printable(name.str()),
                            quote(name.str()) + " is no job, so its settings are not used",
                            "correct the name, or remove the section");
    }
    for (const Window& window : out_.windows) {
      for (const JobName& job : window.jobs) {
        if (names.count(job) > 0) continue;
        out_.warnings.warning("policy.toml", printable(window.name), quote(job.str()) + " is no job",
                              "correct the name, or take it out");
      }
    }
  }

  const FileView& view_;
  std::string root_;
  const WorkspaceLimits& limits_;
  ContentDigests* digests_;
  std::vector<Entry> entries_;
  std::map<JobName, Diagnostics> catalogues_;  // of the jobs that loaded
  Workspace out_;
};

// As the settings beside the job say; where they make no sense, as the manifest does.
void read_settings_of_then(const FileView& view, std::string_view root, const WorkspaceLimits& limits,
                           Job& job) {
  Diagnostics found;
  BucketConf bucket;
  const auto conf = view.read(join(root, "bucket.conf"));
  if (conf && conf->size() <= kMaxControlBytes) bucket = parse_bucket_conf(*conf, "bucket.conf", found);
  found = {};
  const std::string file = bucket_jobs_file(limits.job_config_selector);
  BucketJobsConf settings;
  const auto text = view.read(join(root, file));
  if (text && text->size() <= kMaxControlBytes) settings = parse_bucket_jobs_conf(*text, file, found);
  job.tree = hold_key(job.tree, job, bucket, settings);
  const Resources resources = job.resources;
  if (!found.has_errors()) reserve(job, settings, found);
  if (!found.has_errors()) return;
  Diagnostics none;
  job.resources = resources;
  reserve(job, {}, none);
}

}  // namespace

Workspace load_workspace(const FileView& view, std::string_view root, const WorkspaceLimits& limits,
                         ContentDigests* digests) {
  return Loader(view, root, limits, digests).load();
}

std::optional<Job> load_job(const FileView& view, std::string_view root, const JobName& job,
                            const WorkspaceLimits& limits, ContentDigests* digests) {
  const auto entries = view.list(join(root, "jobs/" + job.str()));
  if (!entries) return std::nullopt;
  LoadedJob loaded = load_one(view, root, job.str(), *entries, limits, digests);
  if (loaded.diagnostics.has_errors()) return std::nullopt;
  read_settings_of_then(view, root, limits, loaded.job);
  return std::move(loaded.job);
}

}  // namespace maand
