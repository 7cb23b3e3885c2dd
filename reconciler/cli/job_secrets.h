// secrets.age.toml of a job in a checkout: who it is encrypted for, and how it is changed.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/secret_sheet.h"

namespace maand {

// The bucket that --bucket, MAAND_BUCKET or a parent directory names, when there is one.
std::optional<Bucket> maybe_bucket(const Context& context);

// The bucket's public keys; its identity is made when there is none. Throws CommandError.
std::vector<std::string> own_recipients(const Bucket& bucket);

class JobSecrets {
 public:
  // Of the checkout the person is in. Throws CommandError: no workspace, no such job, a file that is broken.
  explicit JobSecrets(const JobName& job);

  // As last read: by the constructor, or by `change`.
  const std::map<std::string, std::string>& sealed() const { return sealed_; }
  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& workspace() const { return workspace_; }

  // Of age.recipients beside workers.json; where there is none it is made with the keys of the bucket.
  // Warns when the bucket is not among them. Throws CommandError.
  std::vector<std::string> recipients(const std::optional<Bucket>& bucket);

  // Encrypts what is `changes.set` first. Then, under a lock on the job's directory, the file is read again,
  // changed and written whole or not at all: what somebody else set meanwhile stays. Without a secret the
  // file goes. False: none of `removed` was there. Throws CommandError; then nothing is changed.
  bool change(const SheetChanges& changes, const std::vector<std::string>& recipients);

 private:
  void read();

  const JobName job_;
  std::filesystem::path workspace_;
  std::filesystem::path path_;
  std::map<std::string, std::string> sealed_;
};

}  // namespace maand
