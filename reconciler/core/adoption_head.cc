// What of the difference to the workspace's head has a cause (adoption.h).
#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "reconciler/core/adoption.h"
#include "reconciler/core/certificate_files.h"
#include "reconciler/core/md5.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::string_view kTemplate = ".tpl";

// What the head wants of one allocation.
struct WantedThere {
  const Job* job = nullptr;
  const AllocationContent* content = nullptr;
};

std::optional<WantedThere> wanted_there(const DesiredState& desired, const AllocationKey& key) {
  const auto job = desired.jobs.find(key.job);
  if (job == desired.jobs.end() || !job->second.job) return std::nullopt;
  for (std::size_t i = 0; i < job->second.workers.size(); ++i) {
    if (desired.workers[job->second.workers[i]].host == key.worker)
      return WantedThere{job->second.job.get(), &job->second.content(i)};
  }
  return std::nullopt;
}

// Text that was made for the allocation; null for a file that lies in git as it is.
const std::string* made_text(const ShippedFile& file) {
  return file.text && file.blob.empty() ? file.text.get() : nullptr;
}

// The original kept values without white space around them, and so certificates.
bool same_but_for_its_end(const std::string& text, const std::string& md5) {
  const std::string body(trim(text));
  return md5 == md5_hex(text) || md5 == md5_hex(body) || md5 == md5_hex(body + "\n");
}

// Where one list differs from the other, and why.
class Comparison {
 public:
  Comparison(const OriginalAllocation& original, const FoundWorker* worker, const Md5ByPath& directory,
             bool values_changed, Taken& out)
      : original_(original), directory_(directory), values_changed_(values_changed), out_(out) {
    if (!worker) return;
    for (const FoundFile& file : files_of(*worker, original.key.job)) found_[file.path] = file.md5;
  }

  void run(const FileSet& there, const FileSet& wanted) {
    std::map<std::string_view, const ShippedFile*> left;
    for (const ShippedFile& file : there.files) left[file.path] = &file;
    for (const ShippedFile& file : wanted.files) {
      const auto known = left.find(file.path);
      const ShippedFile* before = known == left.end() ? nullptr : known->second;
      if (known != left.end()) left.erase(known);
      if (file.path == "manifest.json" || (before && *before == file)) continue;
      const bool same_bytes = before && before->content == file.content;
      if (!same_bytes && has_cause(file, before != nullptr)) {
        out_.changed.push_back(file.path);
      } else {
        ++out_.without_cause;
      }
    }
    for (const auto& [path, file] : left) {
      if (path == "manifest.json") continue;
      // Of the directory it may be still: vars.toml is not shipped here.
      if (directory_.count(file->path) == 0 && file->path != "vars.toml" && !was_made(file->path)) {
        out_.changed.push_back(file->path);
      } else {
        ++out_.without_cause;
      }
    }
    std::sort(out_.changed.begin(), out_.changed.end());
  }

 private:
  // Has git, or a value, another one than the original deployed?
  bool has_cause(const ShippedFile& file, bool lies_there) const {
    const std::string deployed = md5_at(original_.promoted_files, file.path);
    const std::string* text = made_text(file);
    if (!text) return !original_.promoted_files.empty() ? deployed != md5_at(directory_, file.path) : true;
    const std::string& found = found_.count(file.path) > 0 ? found_.at(file.path) : deployed;
    if (same_but_for_its_end(*text, found)) return false;
    if (file.path == kAuthorityPath && !lies_there) return false;  // it is due to nothing that was changed
    if (values_changed_ || !lies_there || original_.promoted_files.empty()) return true;
    const std::string source = file.path + std::string(kTemplate);
    return md5_at(original_.promoted_files, source) != md5_at(directory_, source);
  }

  // By a template that is not there any more, or by maand itself: certificates, rules.
  bool was_made(const std::string& path) const {
    return original_.promoted_files.count(path + std::string(kTemplate)) > 0
               ? directory_.count(path + std::string(kTemplate)) > 0
               : path.starts_with("certs/");
  }

  const OriginalAllocation& original_;
  const Md5ByPath& directory_;
  const bool values_changed_;
  Taken& out_;
  std::map<std::string, std::string> found_;
};

// What the database says was sent to a worker that could not be read. Bytes that the head
// does not have are not known: a digest stands for them that nothing has.
FileSetPtr list_as_promoted(const OriginalBucket& original, const OriginalAllocation& allocation,
                            const Md5ByPath& directory, const FileSet* wanted) {
  std::map<std::string_view, const ShippedFile*> known;
  if (wanted) {
    for (const ShippedFile& file : wanted->files) known[file.path] = &file;
  }
  std::vector<ShippedFile> files;
  for (const std::string& path : sent_paths(original, allocation)) {
    const std::string md5 = md5_at(allocation.promoted_files, path);
    ShippedFile file;
    file.path = path;
    file.mode = FileMode::kExecutable;  // as the original leaves them
    file.content = sha256("md5 " + md5);
    if (const auto head = known.find(path); head != known.end()) {
      const std::string* text = made_text(*head->second);
      const bool same = text ? md5_hex(*text) == md5 : md5_at(directory, path) == md5;
      if (same) {
        file.content = head->second->content;
        file.size_bytes = head->second->size_bytes;
      }
    }
    files.push_back(std::move(file));
  }
  return make_file_set(std::move(files));
}

// Certificates are files of the job only where the head has any: taken for ours, the next
// change would delete what nothing puts back.
FileSetPtr without_unknown_certificates(FileSetPtr list, const FileSet& wanted) {
  const auto is_certificate = [](const ShippedFile& file) { return file.path.starts_with("certs/"); };
  if (std::any_of(wanted.files.begin(), wanted.files.end(), is_certificate) ||
      std::none_of(list->files.begin(), list->files.end(), is_certificate))
    return list;
  std::vector<ShippedFile> files = list->files;
  std::erase_if(files, is_certificate);
  return make_file_set(std::move(files));
}

// The original makes everything executable. What git says is none is told apart from a program:
// its mode is put right before its bytes are, so that it is written in place and a bind mount
// of it goes on showing it (R3.2).
FileSetPtr with_kinds_of(FileSetPtr list, const FileSet& wanted) {
  std::set<std::string_view> plain;
  for (const ShippedFile& file : wanted.files) {
    if (file.mode == FileMode::kRegular) plain.insert(file.path);
  }
  std::vector<ShippedFile> files = list->files;
  for (ShippedFile& file : files) {
    if (file.mode != FileMode::kExecutable || plain.count(file.path) == 0) continue;
    file.mode = FileMode::kRegular;
    if (file.attributes.permissions == 0) file.attributes.permissions = 0755;
  }
  return make_file_set(std::move(files));
}

// One leading `v` is dropped here (workspace.md, list of differences).
std::string version_here(const std::string& version, const Job* job) {
  const bool prefixed = version.size() > 1 && (version[0] == 'v' || version[0] == 'V');
  if (job && prefixed && version.substr(1) == job->version) return job->version;
  return version;
}

// Paths whose bytes are not those that were deployed.
std::vector<std::string> touched_by_hand(const OriginalAllocation& original, const FoundWorker& worker) {
  std::vector<std::string> out;
  std::set<std::string_view> there;
  for (const FoundFile& file : files_of(worker, original.key.job)) {
    there.insert(file.path);
    const std::string deployed = md5_at(original.promoted_files, file.path);
    if (!deployed.empty() && deployed != file.md5) out.push_back(file.path);
  }
  for (const auto& [path, md5] : original.promoted_files) {
    if (is_sent(path) && there.count(path) == 0) out.push_back(path);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// R1.7: what a job falls back to, where all of it is at the head already.
std::vector<JobRecord> converged_jobs(const AppliedState& state) {
  std::map<JobName, JobRecord> jobs;
  std::set<JobName> differ;
  for (const auto& [key, allocation] : state.allocations) {
    if (allocation.commit.empty()) differ.insert(key.job);
    JobRecord& job = jobs[key.job];
    job.job = key.job;
    job.target_commit = job.good_commit = allocation.commit;
    job.target_tree = job.good_tree = allocation.tree;
  }
  std::vector<JobRecord> out;
  for (auto& [name, job] : jobs) {
    if (differ.count(name) == 0) out.push_back(std::move(job));
  }
  return out;
}

}  // namespace

std::vector<Taken> compare_with_head(AppliedState& state, const OriginalBucket& original,
                                     const FoundWorkers& found, const AdoptingHead& head) {
  std::vector<Taken> out;
  static const Md5ByPath kNoDirectory;
  for (const OriginalAllocation& one : original.allocations) {
    const auto record = state.allocations.find(one.key);
    if (record == state.allocations.end()) continue;
    AppliedAllocation& allocation = record->second;
    const FoundWorker* worker = reading_of(found, one.key.worker);
    const std::optional<WantedThere> wanted = wanted_there(head.desired, one.key);
    const auto known = head.directories.find(one.key.job);
    const Md5ByPath& directory = known == head.directories.end() ? kNoDirectory : known->second;
    Taken taken{one.key, standing_of(one, worker), "", worker != nullptr, 0, {}, {}, 0};
    allocation.version = taken.version = version_here(one.current_version, wanted ? wanted->job : nullptr);
    if (!allocation.files)
      allocation.files =
          list_as_promoted(original, one, directory, wanted ? wanted->content->compared.get() : nullptr);
    if (worker && taken.standing == OriginalStanding::kRuns) taken.by_hand = touched_by_hand(one, *worker);
    if (wanted) {
      const FileSet& compared = *wanted->content->compared;
      allocation.files = with_kinds_of(without_unknown_certificates(allocation.files, compared), compared);
      const bool values_changed = head.changed_values.count(one.key) > 0;
      Comparison(one, worker, directory, values_changed, taken).run(*allocation.files, compared);
      if (taken.changed.empty()) {
        // R1.10: no cause, so the head's list counts as what lies there.
        if (allocation.files->digest != compared.digest) allocation.baseline = compared.digest;
        allocation.tree = wanted->job->tree;
        allocation.rendered_with = wanted->content->with;
        if (allocation.version == wanted->job->version && allocation.last == LastResult::kConfirmed &&
            allocation.running) {
          allocation.commit = allocation.attempted_head = head.desired.commit;
          // No gate is owed: nothing of ours has started it. And until it is asked nothing says that
          // it is well, so that its first change is not blamed for it (R2.4).
          if (!wanted->job->health.checks.empty()) allocation.health = Health::kUnhealthy;
        }
      }
    }
    taken.files = allocation.files->files.size();
    out.push_back(std::move(taken));
  }
  for (const JobRecord& job : converged_jobs(state)) state.jobs[job.job] = job;
  return out;
}

}  // namespace maand
