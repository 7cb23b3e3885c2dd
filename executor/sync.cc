#include "executor/sync.h"

#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace maand {
namespace {

int permissions_of(const ShippedFile& file) {
  if (file.attributes.permissions != 0) return file.attributes.permissions;
  return file.mode == FileMode::kExecutable ? 0755 : 0644;
}

TarMember text(const std::string& path, std::string content) {
  TarMember member;
  member.path = path;
  member.content = std::move(content);
  return member;
}

// Every directory of the set, parents before children; "." is the job directory.
std::string directories_of(const FileSet& files) {
  std::set<std::string> directories;
  for (const ShippedFile& file : files.files) {
    directories.insert(".");
    for (std::size_t slash = file.path.find('/'); slash != std::string::npos;
         slash = file.path.find('/', slash + 1)) {
      directories.insert(file.path.substr(0, slash));
    }
  }
  std::string out;
  for (const std::string& directory : directories) out += directory + "\n";
  return out;
}

// Which files that travel must get permissions or an owner of their own: those
// the manifest says it of, those it said it of before, and all of them where
// nobody knows what lies there. Grouped, since each group is one chmod.
class Attributes {
 public:
  // `before`: what lies there; null = nothing, or (`unknown`) who knows.
  void add(const ShippedFile& file, const ShippedFile* before, bool unknown) {
    if (file.mode == FileMode::kSymlink) return;
    const bool was_usual = !before || before->attributes.usual();
    if (file.attributes.usual() && was_usual && !unknown) return;
    const bool given_away = before && !(before->attributes.owner + before->attributes.group).empty();
    paths_[attributes_word(file, given_away)] += "+" + file.path + "\n";
  }
  // A line `=640 app:www-data` before the paths it is about, each behind a `+`.
  std::string str() const {
    std::string out;
    for (const auto& [word, paths] : paths_) out += "=" + word + "\n" + paths;
    return out;
  }

 private:
  std::map<std::string, std::string> paths_;
};

// `http 8080`: kept beside the list, for a state store that was lost.
std::string ports_of(const PortNumbers& ports) {
  std::string out;
  for (const auto& [name, number] : ports) out += name + " " + std::to_string(number) + "\n";
  return out;
}

void add_files(std::vector<TarMember>& members, const Operation& operation, bool full) {
  // What is put back gets permissions and owner again, whatever lies there now.
  const bool back = restores(operation.action);
  std::unordered_map<std::string, const ShippedFile*> base;
  if ((!full || back) && operation.base) {
    for (const ShippedFile& file : operation.base->files) base.emplace(file.path, &file);
  }
  std::string paths;
  std::string digests;
  Attributes attributes;
  const bool unknown = full || back || !operation.base;
  for (const ShippedFile& file : operation.files->files) {
    paths += file.path + "\n";
    if (file.mode != FileMode::kSymlink) digests += file.content.hex() + "  " + file.path + "\n";
    const auto known = base.find(file.path);
    const ShippedFile* before = known == base.end() ? nullptr : known->second;
    if (before && *before == file && !back) continue;
    attributes.add(file, before, unknown);
    if (back) continue;  // the worker has them
    TarMember member;
    member.path = "f/" + file.path;
    member.mode = file.mode;
    member.blob = file.blob;
    member.bytes = file.text;
    member.size_bytes = file.size_bytes;
    members.push_back(std::move(member));
  }
  if (std::string lines = attributes.str(); !lines.empty()) {
    members.push_back(text("meta/attributes", std::move(lines)));
  }
  members.push_back(text("meta/paths", std::move(paths)));
  members.push_back(text("meta/dirs", directories_of(*operation.files)));
  members.push_back(text("meta/digests", std::move(digests)));
  members.push_back(text("meta/ports", ports_of(operation.ports)));
}

}  // namespace

std::vector<TarMember> members_of(const Operation& operation, bool full) {
  std::vector<TarMember> members;
  if (ships_files(operation.action) || operation.action == Action::kRemove)
    add_files(members, operation, full);
  if (!operation.worker_json.empty()) members.push_back(text("meta/worker.json", operation.worker_json));
  if (!operation.jobs_json.empty()) members.push_back(text("meta/jobs.json", operation.jobs_json));
  if (!operation.credentials.claims.empty())
    members.push_back(text("meta/claims", operation.credentials.claims));
  if (!operation.credentials.record.empty()) members.push_back(text("record", operation.credentials.record));
  members.push_back(text("end", operation.id.str() + "\n"));
  return members;
}

std::string attributes_word(const ShippedFile& file, bool was_given_away) {
  std::string octal;
  for (int left = permissions_of(file); left > 0; left /= 8) {
    octal.insert(octal.begin(), static_cast<char>('0' + left % 8));
  }
  const FileAttributes& has = file.attributes;
  if (!has.owner.empty() || !has.group.empty()) return octal + " " + has.owner + ":" + has.group;
  return octal + (was_given_away ? " ." : " -");
}

std::uint64_t payload_bytes(const std::vector<TarMember>& members) {
  std::uint64_t total = 0;
  for (const TarMember& member : members) total += member.size_bytes + member.content.size();
  return total;
}

}  // namespace maand
