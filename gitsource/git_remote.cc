#include "gitsource/git_remote.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gitsource/git_credentials.h"
#include "gitsource/git_error.h"
#include "gitsource/git_handles.h"
#include "gitsource/git_library.h"
#include "reconciler/core/preview/preview_refs.h"

namespace maand {
namespace {

std::string hex(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(text, sizeof text, &id);
}

GitRepository open_mirror(const std::string& path) {
  git_repository* repository = nullptr;
  check_mirror(git_repository_open_bare(&repository, path.c_str()), "open the mirror");
  return GitRepository(repository);
}

// One connection and the listing that came with it.
class Connection {
 public:
  // Listing needs no mirror, so that a damaged one cannot stand in its way.
  enum class Mirror { kNone, kOpen };
  Connection(const GitRemoteSpec& spec, git_direction direction, Mirror mirror) : credentials_(spec) {
    if (!spec.ca_file.empty()) git_library_trust(spec.ca_file);
    const GitUrl& url = credentials_.url();
    if (url.kind == GitUrl::Kind::kFile && ::access(url.path.c_str(), F_OK) != 0) {
      throw SourceError(SourceProblem::kNotFound, "the remote " + spec.url + " is not there (" +
                                                      std::strerror(errno) +
                                                      "); check git.url, or mount what holds it");
    }
    git_remote* remote = nullptr;
    // A path goes in decoded: libgit2 takes a plain one as well as a URL.
    const std::string address = url.kind == GitUrl::Kind::kFile ? url.path : spec.url;
    if (mirror == Mirror::kOpen) {
      mirror_ = open_mirror(spec.mirror);
      check_mirror(git_remote_create_anonymous(&remote, mirror_.get(), address.c_str()), "name the remote");
    } else {
      check_mirror(git_remote_create_detached(&remote, address.c_str()), "name the remote");
    }
    remote_.reset(remote);
    git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
    credentials_.install(options.callbacks);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    // A redirect could carry the token to another host.
    options.follow_redirects =
        credentials_.has_token() ? GIT_REMOTE_REDIRECT_NONE : GIT_REMOTE_REDIRECT_INITIAL;
    if (const int rc = git_remote_connect_ext(remote_.get(), direction, &options); rc < 0) {
      credentials_.raise(rc, "cannot talk to");
    }
    credentials_.connected();
    credentials_.alive(0);
    if (const int rc = git_remote_ls(&heads_, &count_, remote_.get()); rc < 0)
      credentials_.raise(rc, "cannot list");
  }

  GitAdvertised advertised(const std::vector<std::string>& refs) const {
    GitAdvertised out;
    for (size_t i = 0; i < count_; ++i) {
      const std::string name = heads_[i]->name;
      if (name.rfind("refs/notes/", 0) != 0 && name.rfind("refs/maand/", 0) != 0) out.empty = false;
      for (const std::string& wanted : refs) {
        if (wanted == name) out.refs[name] = hex(heads_[i]->oid);
      }
    }
    return out;
  }

  // A host keeps refs of requests that were closed years ago, and they come with every
  // listing: only the newest go on from here.
  void previews(const std::vector<std::string>& patterns, GitAdvertised& out) const {
    if (patterns.empty()) return;
    std::vector<const git_remote_head*> found;
    for (size_t i = 0; i < count_; ++i) {
      if (matches_preview(patterns, heads_[i]->name)) found.push_back(heads_[i]);
    }
    const std::size_t most = std::min(found.size(), kMostPreviewsListed);
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(most), found.end(),
                      [](const auto* a, const auto* b) { return newer_preview(a->name, b->name); });
    for (std::size_t i = 0; i < most; ++i) out.previews[found[i]->name] = hex(found[i]->oid);
  }

  git_remote* remote() { return remote_.get(); }
  GitCredentials& credentials() { return credentials_; }

 private:
  GitCredentials credentials_;
  GitRepository mirror_;
  GitRemote remote_;
  const git_remote_head** heads_ = nullptr;
  size_t count_ = 0;
};

git_strarray array_of(std::vector<char*>& pointers) { return {pointers.data(), pointers.size()}; }

// A ref that is locked in somebody's repository is unlocked again, also where the daemon is killed
// meanwhile: the child would die with it (git_transport.cc), the lock would stay, and nobody could
// write that ref any more.
class OutlivesTheDaemon {
 public:
  OutlivesTheDaemon() {
    ::prctl(PR_GET_PDEATHSIG, &before_);
    ::prctl(PR_SET_PDEATHSIG, 0);
  }
  ~OutlivesTheDaemon() { ::prctl(PR_SET_PDEATHSIG, before_); }
  OutlivesTheDaemon(const OutlivesTheDaemon&) = delete;
  OutlivesTheDaemon& operator=(const OutlivesTheDaemon&) = delete;

 private:
  int before_ = 0;
};

// libgit2's own push to a path does not look at the old id. This does, under
// the ref's lock, so that a real git at work there loses or wins cleanly.
GitPushed send_to_path(const GitRemoteSpec& spec, GitCredentials& credentials, const std::string& local_ref,
                       const std::string& ref, const std::string& expected) {
  const GitRepository mirror = open_mirror(spec.mirror);
  git_repository* opened = nullptr;
  const std::string path = credentials.url().path;
  if (const int rc = git_repository_open_ext(&opened, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
      rc < 0) {
    credentials.raise(rc, "cannot open");
  }
  const GitRepository remote(opened);
  git_oid wanted;
  check_mirror(git_reference_name_to_id(&wanted, mirror.get(), local_ref.c_str()), "find the commit to push");

  git_oid old{};
  const bool exists = !expected.empty();
  if (exists) check_mirror(git_oid_fromstr(&old, expected.c_str()), "read the expected id");
  git_oid now{};
  const int found = git_reference_name_to_id(&now, remote.get(), ref.c_str());
  if (found < 0 && found != GIT_ENOTFOUND) credentials.raise(found, "cannot read a ref of");
  if ((found == 0) != exists || (exists && !git_oid_equal(&now, &old)))
    return {GitPushed::Verdict::kLost, ""};

  git_packbuilder* raw_builder = nullptr;
  check_mirror(git_packbuilder_new(&raw_builder, mirror.get()), "pack notes");
  const GitPackbuilder builder(raw_builder);
  git_revwalk* raw_walk = nullptr;
  check_mirror(git_revwalk_new(&raw_walk, mirror.get()), "walk notes");
  const GitRevwalk walk(raw_walk);
  check_mirror(git_revwalk_push(walk.get(), &wanted), "walk notes");
  if (exists) check_mirror(git_revwalk_hide(walk.get(), &old), "walk notes");
  check_mirror(git_packbuilder_insert_walk(builder.get(), walk.get()), "pack notes");
  const std::string packs = std::string(git_repository_commondir(remote.get())) + "objects/pack";
  if (git_packbuilder_write(builder.get(), packs.c_str(), 0, nullptr, nullptr) < 0) {
    return {GitPushed::Verdict::kRejected, git_last_error()};
  }
  const OutlivesTheDaemon for_one_ref;
  git_reference* made = nullptr;
  const int rc = exists ? git_reference_create_matching(&made, remote.get(), ref.c_str(), &wanted, 1, &old,
                                                        "maand: notes")
                        : git_reference_create(&made, remote.get(), ref.c_str(), &wanted, 0, "maand: notes");
  const GitReference owner(made);
  if (rc == GIT_ELOCKED) return {GitPushed::Verdict::kLost, git_last_error()};
  if (rc == GIT_EMODIFIED || rc == GIT_EEXISTS) return {GitPushed::Verdict::kLost, ""};
  if (rc < 0) return {GitPushed::Verdict::kRejected, git_last_error()};
  return {};
}

}  // namespace

GitAdvertised git_remote_list(const GitRemoteSpec& spec, const std::vector<std::string>& refs,
                              const std::vector<std::string>& previews) {
  const Connection connection(spec, GIT_DIRECTION_FETCH, Connection::Mirror::kNone);
  GitAdvertised out = connection.advertised(refs);
  connection.previews(previews, out);
  return out;
}

GitAdvertised git_remote_bring(const GitRemoteSpec& spec, const std::vector<std::string>& refs) {
  Connection connection(spec, GIT_DIRECTION_FETCH, Connection::Mirror::kOpen);
  GitAdvertised out = connection.advertised(refs);
  if (out.refs.empty()) return out;
  std::vector<std::string> specs;
  for (const auto& [name, id] : out.refs) specs.push_back("+" + name + ":refs/maand/incoming/" + id);
  std::vector<char*> pointers;
  for (std::string& text : specs) pointers.push_back(text.data());
  const git_strarray array = array_of(pointers);
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  connection.credentials().install(options.callbacks);
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  if (const int rc = git_remote_download(connection.remote(), &array, &options); rc < 0) {
    connection.credentials().raise(rc, "cannot fetch from");
  }
  return out;
}

GitPushed git_remote_send(const GitRemoteSpec& spec, const std::string& local_ref, const std::string& ref,
                          const std::string& expected) {
  if (parse_git_url(spec.url).kind == GitUrl::Kind::kFile) {
    GitCredentials credentials(spec);
    return send_to_path(spec, credentials, local_ref, ref, expected);
  }
  Connection connection(spec, GIT_DIRECTION_PUSH, Connection::Mirror::kOpen);
  const GitAdvertised now = connection.advertised({ref});
  const auto found = now.refs.find(ref);
  if ((found == now.refs.end() ? "" : found->second) != expected) return {GitPushed::Verdict::kLost, ""};
  // Forced, because libgit2 would look for ancestry; what guards the ref is the
  // old id this connection was told, which the server compares under its lock.
  std::string refspec = "+" + local_ref + ":" + ref;
  std::vector<char*> pointers{refspec.data()};
  const git_strarray array = array_of(pointers);
  git_push_options options = GIT_PUSH_OPTIONS_INIT;
  connection.credentials().install(options.callbacks);
  options.proxy_opts.type = GIT_PROXY_AUTO;
  if (const int rc = git_remote_upload(connection.remote(), &array, &options); rc < 0) {
    connection.credentials().raise(rc, "cannot push to");
  }
  const std::string& rejected = connection.credentials().rejected;
  if (!rejected.empty()) return {GitPushed::Verdict::kRejected, rejected};
  return {};
}

}  // namespace maand
