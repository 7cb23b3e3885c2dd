#include "reconciler/cli/bucket.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "reconciler/app/bucket_dir.h"

namespace maand {

std::filesystem::path Bucket::store() const { return directory / config.state_path; }

std::filesystem::path Bucket::tokens() const {
  return config.http.tokens_file.empty() ? std::filesystem::path() : secrets() / config.http.tokens_file;
}

namespace {

std::string name_of(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry && entry->pw_name ? entry->pw_name : "uid " + std::to_string(user);
}

// Said here, once: else every file says it in its own way, and what is not found looks like what is not
// there.
void require_access(const std::filesystem::path& directory) {
  struct stat about = {};
  const bool seen = ::stat(directory.c_str(), &about) == 0;
  if (seen && !S_ISDIR(about.st_mode)) return;  // nothing that another user could open
  if (::access(directory.c_str(), R_OK | X_OK) == 0 || errno != EACCES) return;
  const std::string owner = seen ? name_of(about.st_uid) : "";
  throw CommandError(kExitUsage, directory.string() + " cannot be read by " + name_of(::geteuid()) +
                                     (owner.empty() ? "; run maand as the user whose bucket it is"
                                                    : "; run maand as " + owner + ", whose it is: sudo -u " +
                                                          owner + " maand …"));
}

}  // namespace

Bucket open_bucket(const Context& context) {
  const Environment environment = process_environment();
  const auto variable = environment.find("MAAND_BUCKET");
  const BucketDir found = find_bucket(context.bucket, variable == environment.end() ? "" : variable->second,
                                      std::filesystem::current_path());
  if (found.path.empty()) throw CommandError(kExitUsage, found.problem);
  LoadedConfig loaded = load_config(found.path, environment);
  std::string errors;
  for (const Diagnostic& diagnostic : loaded.diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) {
      errors += (errors.empty() ? "" : "\n") + to_string(diagnostic);
    } else {
      std::fprintf(stderr, "warning: %s\n", to_string(diagnostic).c_str());
    }
  }
  if (!errors.empty()) throw CommandError(kExitUsage, errors);
  const Bucket bucket{found.path, std::move(loaded.config)};
  require_access(bucket.data());
  require_access(bucket.secrets());
  return bucket;
}

}  // namespace maand
