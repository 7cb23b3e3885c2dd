// The suite of source_contract.h over the fake, and over git with a real repository.
#include <filesystem>

#include "gitsource/git_source.h"
#include "tests/contract/source_contract.h"
#include "tests/support/fake_source.h"
#include "tests/support/git_server.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;

class FakeWorld : public SourceWorld {
 public:
  CommitId commit(const std::map<std::string, std::string>& files, const std::string& message) override {
    return source_.commit(view_of(files), message);
  }
  CommitId rewrite(const CommitId& parent, const std::map<std::string, std::string>& files,
                   const std::string& message) override {
    return source_.commit_on(parent, view_of(files), message);
  }
  void remove_branch() override { source_.remove_branch(); }
  void damage_mirror() override { source_.break_mirror(); }
  Source& source() override { return source_; }
  Blobs& blobs() override { return source_.blobs(); }
  Notes& notes() override { return notes_; }
  Notes& other_notes() override { return other_; }

 private:
  static FakeFileView view_of(const std::map<std::string, std::string>& files) {
    FakeFileView view;
    for (const auto& [path, content] : files) view.file(path, content);
    return view;
  }
  std::shared_ptr<FakeNotes::Remote> remote_ = std::make_shared<FakeNotes::Remote>();
  FakeSource source_;
  FakeNotes notes_{"b1", "prod", remote_};
  FakeNotes other_{"b2", "staging", remote_};
};

class GitWorld : public SourceWorld {
 public:
  GitWorld() : source_(options("b1", "prod")), other_(options("b2", "staging")) {}

  CommitId commit(const std::map<std::string, std::string>& files, const std::string& message) override {
    return CommitId(server_.commit(whole(files), message));
  }
  CommitId rewrite(const CommitId& parent, const std::map<std::string, std::string>& files,
                   const std::string& message) override {
    return CommitId(server_.rewrite(parent.str(), whole(files), message));
  }
  void remove_branch() override {
    server_.git({"push", "-q", "origin", "main:refs/heads/another"});
    server_.git_bare({"update-ref", "-d", "refs/heads/main"});
  }
  void damage_mirror() override {
    // The packs are gone, as after a disk that lost what it had said it kept.
    fs::remove_all(mirror("b1") / "objects");
    fs::create_directories(mirror("b1") / "objects/pack");
  }
  Source& source() override { return source_; }
  Blobs& blobs() override { return source_.blobs(); }
  Notes& notes() override { return source_.notes(); }
  Notes& other_notes() override { return other_.notes(); }

 private:
  fs::path mirror(const std::string& id) const { return server_.directory() / (id + ".git"); }
  GitOptions options(const std::string& id, const std::string& name) const {
    GitOptions out;
    out.url = server_.file_url();
    out.mirror = mirror(id).string();
    out.bucket_id = id;
    out.bucket_name = name;
    out.transport_command = {MAAND_TEST_GIT_TRANSPORT};
    return out;
  }
  GitChanges whole(const std::map<std::string, std::string>& files) const {
    GitChanges out;
    for (const fs::directory_entry& entry : fs::directory_iterator(server_.work())) {
      if (entry.path().filename() != ".git") fs::remove_all(entry.path());
    }
    for (const auto& [path, content] : files) out[path] = content;
    return out;
  }

  GitServer server_;
  GitSource source_;
  GitSource other_;
};

INSTANTIATE_TEST_SUITE_P(
    Sources, SourceContract,
    ::testing::Values(
        std::pair<const char*, MakeSourceWorld>{"Fake", [] { return std::make_unique<FakeWorld>(); }},
        std::pair<const char*, MakeSourceWorld>{"Git", [] { return std::make_unique<GitWorld>(); }}),
    [](const auto& one) { return std::string(one.param.first); });

}  // namespace
}  // namespace maand::testing
