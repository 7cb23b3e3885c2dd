#include "gitsource/git_notes.h"

#include <map>
#include <random>

#include "gitsource/git_error.h"
#include "gitsource/git_repack.h"
#include "gitsource/git_url.h"
#include "reconciler/core/note_document.h"

namespace maand {
namespace {

constexpr const char* kOutgoing = "refs/maand/outgoing";

struct Found {
  std::vector<std::string> paths;  // every place that holds a note of the commit
  std::string text;                // joined, as git itself shows them
};

// Notes lie flat (40 digits), as 2/38, 2/2/36 or deeper, and a tree may mix them.
void find_note(git_repository* repository, const git_tree* tree, const std::string& prefix,
               const std::string& rest, Found& out) {
  if (const git_tree_entry* entry = git_tree_entry_byname(tree, rest.c_str());
      entry && git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
    git_blob* raw = nullptr;
    check_mirror(git_blob_lookup(&raw, repository, git_tree_entry_id(entry)), "read a note");
    const GitBlob blob(raw);
    const std::string_view text(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                static_cast<std::size_t>(git_blob_rawsize(blob.get())));
    if (!out.text.empty() && out.text.back() != '\n') out.text.push_back('\n');
    out.text.append(text);
    out.paths.push_back(prefix + rest);
  }
  if (rest.size() <= 2) return;
  const std::string two = rest.substr(0, 2);
  const git_tree_entry* entry = git_tree_entry_byname(tree, two.c_str());
  if (!entry || git_tree_entry_type(entry) != GIT_OBJECT_TREE) return;
  git_tree* raw = nullptr;
  check_mirror(git_tree_lookup(&raw, repository, git_tree_entry_id(entry)), "read the notes");
  const GitTree below(raw);
  find_note(repository, below.get(), prefix + two + "/", rest.substr(2), out);
}

GitTree tree_of(git_repository* repository, const CommitId& tip) {
  git_tree* raw = nullptr;
  git_oid id;
  if (tip.empty()) {
    git_treebuilder* builder = nullptr;
    check_mirror(git_treebuilder_new(&builder, repository, nullptr), "make an empty tree");
    const int rc = git_treebuilder_write(&id, builder);
    git_treebuilder_free(builder);
    check_mirror(rc, "make an empty tree");
    check_mirror(git_tree_lookup(&raw, repository, &id), "read the notes");
    return GitTree(raw);
  }
  id = to_oid(tip.str());
  git_commit* raw_commit = nullptr;
  check_mirror(git_commit_lookup(&raw_commit, repository, &id), "read the notes commit");
  const GitCommit commit(raw_commit);
  check_mirror(git_commit_tree(&raw, commit.get()), "read the notes");
  return GitTree(raw);
}

}  // namespace

CommitId GitNotes::build(const CommitId& tip, const std::vector<NoteSection>& sections) const {
  const GitRepository repository = mirror_.open();
  const GitTree base = tree_of(repository.get(), tip);
  std::map<CommitId, const NoteSection*> newest;
  for (const NoteSection& section : sections) newest[section.commit] = &section;

  struct Change {
    std::string path;
    git_oid blob{};
    bool remove = false;
  };
  std::vector<Change> changes;
  for (const auto& [commit, section] : newest) {
    to_oid(commit.str());
    Found found;
    find_note(repository.get(), base.get(), "", commit.str(), found);
    NoteDocument document = NoteDocument::parse(found.text);
    document.put(options_.bucket_id, options_.bucket_name, section->text, section->json);
    const std::string text = document.str();
    const std::string path = commit.str().substr(0, 2) + "/" + commit.str().substr(2);
    Change put{path, {}, false};
    check_mirror(git_blob_create_from_buffer(&put.blob, repository.get(), text.data(), text.size()),
                 "write a note");
    changes.push_back(put);
    for (const std::string& old : found.paths) {
      if (old != path) changes.push_back({old, {}, true});
    }
  }
  std::vector<git_tree_update> updates;
  for (const Change& change : changes) {
    git_tree_update update{};
    update.action = change.remove ? GIT_TREE_UPDATE_REMOVE : GIT_TREE_UPDATE_UPSERT;
    update.id = change.blob;
    update.filemode = GIT_FILEMODE_BLOB;
    update.path = change.path.c_str();
    updates.push_back(update);
  }
  git_oid tree_id;
  check_mirror(
      git_tree_create_updated(&tree_id, repository.get(), base.get(), updates.size(), updates.data()),
      "write the notes tree");
  if (!tip.empty() && git_oid_equal(&tree_id, git_tree_id(base.get()))) return CommitId();

  git_tree* raw_tree = nullptr;
  check_mirror(git_tree_lookup(&raw_tree, repository.get(), &tree_id), "read the notes");
  const GitTree tree(raw_tree);
  git_signature* raw_signature = nullptr;
  check_mirror(
      git_signature_now(&raw_signature, options_.committer_name.c_str(), options_.committer_email.c_str()),
      "sign a notes commit; check the committer's name and mail");
  const GitSignature signature(raw_signature);
  GitCommit parent;
  if (!tip.empty()) {
    const git_oid id = to_oid(tip.str());
    git_commit* raw = nullptr;
    check_mirror(git_commit_lookup(&raw, repository.get(), &id), "read the notes commit");
    parent.reset(raw);
  }
  const std::string message = "Notes of maand " + options_.bucket_name + "\n";
  git_oid id;
  const git_commit* parents[] = {parent.get()};
  check_mirror(git_commit_create(&id, repository.get(), nullptr, signature.get(), signature.get(), nullptr,
                                 message.c_str(), tree.get(), parent ? 1 : 0, parents),
               "write a notes commit");
  return CommitId(to_hex(id));
}

void GitNotes::publish(const std::vector<NoteSection>& sections) {
  if (sections.empty()) return;
  marking_broken(mirror_, [&] {
    const GitMirror::Lock lock = mirror_.lock(options_.stall_timeout);
    CommitId tip = mirror_.ref(options_.notes_ref).value_or(CommitId());
    std::minstd_rand random(std::random_device{}());
    std::string locked;
    for (int race = 0; race < kMaxRaces; ++race) {
      // The first loss usually means that the mirror was merely behind.
      if (race > 1) {
        const int longest = 50 << std::min(race, 6);
        child_.pause(
            std::chrono::milliseconds(std::uniform_int_distribution<int>(longest / 4, longest)(random)));
      }
      const CommitId next = build(tip, sections);
      if (next.empty()) return;
      if (!options_.push_notes) {
        mirror_.set_ref(lock, options_.notes_ref, next);
        return;
      }
      mirror_.set_ref(lock, kOutgoing, next);
      GitPushed pushed =
          child_.send(options_.notes_remote(), kOutgoing, options_.notes_ref, tip.str(), lock.fd());
      if (pushed.verdict == GitPushed::Verdict::kDone) {
        mirror_.set_ref(lock, options_.notes_ref, next);
        if (git_wants_repack(mirror_.path())) child_.repack(lock.fd());
        return;
      }
      locked = pushed.verdict == GitPushed::Verdict::kLost ? pushed.text : "";
      const CommitId before = tip;
      tip = fetch_.bring_notes(lock);
      if (pushed.verdict == GitPushed::Verdict::kRejected && tip == before) {
        throw SourceError(SourceProblem::kOther,
                          display_url(options_.notes_remote()) + " refuses to take " + options_.notes_ref +
                              ": " + pushed.text +
                              "; let our key write that ref, or set git.notes_url or git.push_notes = false");
      }
    }
    if (!locked.empty()) locked = " (" + locked + "; if no git is at work there, remove that file)";
    throw SourceError(SourceProblem::kUnreachable, "lost " + std::to_string(kMaxRaces) + " races for " +
                                                       options_.notes_ref + " in a row" + locked +
                                                       "; the notes wait for the next pass");
  });
}

std::optional<std::string> GitNotes::read(const CommitId& commit) {
  return marking_broken(mirror_, [&]() -> std::optional<std::string> {
    to_oid(commit.str());
    const std::optional<CommitId> tip = mirror_.ref(options_.notes_ref);
    if (!tip) return std::nullopt;
    const GitRepository repository = mirror_.open();
    const GitTree tree = tree_of(repository.get(), *tip);
    Found found;
    find_note(repository.get(), tree.get(), "", commit.str(), found);
    if (found.paths.empty()) return std::nullopt;
    return found.text;
  });
}

}  // namespace maand
