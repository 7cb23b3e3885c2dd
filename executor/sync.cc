#include "executor/sync.h"

#include <set>
#include <string>
#include <unordered_map>

namespace maand {
namespace {

TarMember text(const std::string& path, std::string content) {
  TarMember member;
  member.path = path;
  member.content = std::move(content);
  return member;
}

bool lies_there(const std::unordered_map<std::string, const ShippedFile*>& base, const ShippedFile& file) {
  const auto known = base.find(file.path);
  return known != base.end() && known->second->mode == file.mode && known->second->content == file.content;
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

void add_files(std::vector<TarMember>& members, const Operation& operation, bool full) {
  std::unordered_map<std::string, const ShippedFile*> base;
  if (!full && operation.base) {
    for (const ShippedFile& file : operation.base->files) base.emplace(file.path, &file);
  }
  std::string paths;
  std::string digests;
  for (const ShippedFile& file : operation.files->files) {
    paths += file.path + "\n";
    if (file.mode != FileMode::kSymlink) digests += file.content.hex() + "  " + file.path + "\n";
    if (lies_there(base, file)) continue;
    TarMember member;
    member.path = "f/" + file.path;
    member.mode = file.mode;
    member.blob = file.blob;
    member.size_bytes = file.size_bytes;
    members.push_back(std::move(member));
  }
  members.push_back(text("meta/paths", std::move(paths)));
  members.push_back(text("meta/dirs", directories_of(*operation.files)));
  members.push_back(text("meta/digests", std::move(digests)));
}

}  // namespace

std::vector<TarMember> members_of(const Operation& operation, bool full) {
  std::vector<TarMember> members;
  if (ships_files(operation.action) || operation.action == Action::kRemove)
    add_files(members, operation, full);
  if (!operation.worker_json.empty()) members.push_back(text("meta/worker.json", operation.worker_json));
  if (!operation.jobs_json.empty()) members.push_back(text("meta/jobs.json", operation.jobs_json));
  members.push_back(text("end", operation.id.str() + "\n"));
  return members;
}

std::uint64_t payload_bytes(const std::vector<TarMember>& members) {
  std::uint64_t total = 0;
  for (const TarMember& member : members) total += member.size_bytes + member.content.size();
  return total;
}

}  // namespace maand
