#include "gitsource/git_repack.h"

#include <git2/sys/odb_backend.h>

#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

#include "gitsource/git_error.h"
#include "gitsource/git_handles.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kSmallPackBytes = 16u << 20;
constexpr std::size_t kManyPacks = 50;
constexpr std::size_t kManyInOneDirectory = 16;  // × 256 directories

std::vector<fs::path> small_packs(const fs::path& objects) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(objects / "pack", error)) {
    if (entry.path().extension() != ".idx") continue;
    fs::path pack = entry.path();
    pack.replace_extension(".pack");
    const std::uintmax_t size = fs::file_size(pack, error);
    if (!error && size < kSmallPackBytes) out.push_back(entry.path());
  }
  return out;
}

// Objects of one backend alone: an odb of its own that has nothing else.
int insert_one(const git_oid* id, void* builder) {
  return git_packbuilder_insert(static_cast<git_packbuilder*>(builder), id, nullptr);
}

void insert_backend(git_packbuilder* builder, git_odb_backend* backend) {
  git_odb* raw = nullptr;
  check_mirror(git_odb_new(&raw), "open an object database");
  const GitOdb odb(raw);
  check_mirror(git_odb_add_backend(odb.get(), backend, 1), "open an object database");
  check_mirror(git_odb_foreach(odb.get(), &insert_one, builder), "list objects");
}

std::vector<fs::path> loose_objects(const fs::path& objects) {
  std::vector<fs::path> out;
  for (const fs::directory_entry& directory : fs::directory_iterator(objects)) {
    const std::string name = directory.path().filename().string();
    if (name.size() != 2 || name.find_first_not_of("0123456789abcdef") != std::string::npos) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(directory)) {
      if (file.path().filename().string().size() == GIT_OID_HEXSZ - 2) out.push_back(file.path());
    }
  }
  return out;
}

}  // namespace

void git_salvage(const std::string& mirror, const std::string& from,
                 const std::vector<std::string>& commits) {
  git_repository* raw = nullptr;
  check_mirror(git_repository_open_bare(&raw, mirror.c_str()), "open the mirror");
  const GitRepository repository(raw);
  git_odb* raw_odb = nullptr;
  check_mirror(git_repository_odb(&raw_odb, repository.get()), "open the object database");
  const GitOdb odb(raw_odb);
  const std::string objects = (fs::path(from) / "objects").string();
  check_mirror(git_odb_add_disk_alternate(odb.get(), objects.c_str()), "open the damaged objects");
  for (const std::string& commit : commits) {
    git_oid id;
    git_packbuilder* raw_builder = nullptr;
    git_revwalk* raw_walk = nullptr;
    check_mirror(git_oid_fromstr(&id, commit.c_str()), "read a commit's id");
    check_mirror(git_packbuilder_new(&raw_builder, repository.get()), "salvage");
    const GitPackbuilder builder(raw_builder);
    check_mirror(git_revwalk_new(&raw_walk, repository.get()), "salvage");
    const GitRevwalk walk(raw_walk);
    if (git_revwalk_push(walk.get(), &id) < 0) continue;
    git_revwalk_hide_glob(walk.get(), "refs/*");
    if (git_packbuilder_insert_walk(builder.get(), walk.get()) < 0) continue;
    git_packbuilder_write(builder.get(), (fs::path(mirror) / "objects/pack").c_str(), 0444, nullptr, nullptr);
  }
}

bool git_wants_repack(const std::string& mirror) {
  const fs::path objects = fs::path(mirror) / "objects";
  std::error_code error;
  std::size_t loose = 0;
  for (fs::directory_iterator it(objects / "17", error), end; !error && it != end; ++it) ++loose;
  return loose > kManyInOneDirectory || small_packs(objects).size() > kManyPacks;
}

void git_repack(const std::string& mirror) {
  git_repository* raw = nullptr;
  check_mirror(git_repository_open_bare(&raw, mirror.c_str()), "open the mirror");
  const GitRepository repository(raw);
  git_packbuilder* raw_builder = nullptr;
  check_mirror(git_packbuilder_new(&raw_builder, repository.get()), "repack");
  const GitPackbuilder builder(raw_builder);
  git_packbuilder_set_threads(builder.get(), 1);

  const fs::path objects = fs::path(mirror) / "objects";
  const std::vector<fs::path> packs = small_packs(objects);
  // Loose ones are listed before they are packed; those that arrive later stay.
  const std::vector<fs::path> loose = loose_objects(objects);
  for (const fs::path& file : loose) {
    git_oid id;
    const std::string name = file.parent_path().filename().string() + file.filename().string();
    if (git_oid_fromstr(&id, name.c_str()) == 0) {
      check_mirror(git_packbuilder_insert(builder.get(), &id, nullptr), "repack");
    }
  }
  for (const fs::path& index : packs) {
    git_odb_backend* backend = nullptr;
    check_mirror(git_odb_backend_one_pack(&backend, index.c_str()), "open a pack");
    insert_backend(builder.get(), backend);
  }
  if (git_packbuilder_object_count(builder.get()) == 0) return;
  const fs::path target = objects / "pack";
  check_mirror(git_packbuilder_write(builder.get(), target.c_str(), 0444, nullptr, nullptr), "write a pack");
  const git_oid* id = git_packbuilder_hash(builder.get());
  char text[GIT_OID_HEXSZ + 1];
  const std::string written = std::string("pack-") + git_oid_tostr(text, sizeof text, id) + ".idx";
  if (!fs::exists(target / written)) {
    throw SourceError(SourceProblem::kOther, "repacking the mirror wrote no pack; nothing was removed");
  }
  std::error_code ignored;
  for (const fs::path& index : packs) {
    if (index.filename() == written) continue;
    fs::path pack = index;
    // The index first: a pack without one is invisible, an index without a pack is damage.
    fs::remove(index, ignored);
    fs::remove(pack.replace_extension(".pack"), ignored);
  }
  for (const fs::path& file : loose) fs::remove(file, ignored);
}

}  // namespace maand
