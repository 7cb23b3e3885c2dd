// Secrets in git: `jobs/<job>/secrets.age.toml`, flat TOML of `KEY = "<armored age file>"`.
//
// Each value is a file of its own, so that a key is set by whoever has the bucket's public
// recipients, and a diff names the keys that changed. What is encrypted begins with a line
// that says for which job and key: a value that is copied to another job, whose templates
// somebody else may write, is not read there.
//
// Pure: age itself runs elsewhere (gitsource/age_tool.h).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/diagnostics.h"
#include "reconciler/core/model.h"
#include "reconciler/core/variables.h"

namespace maand {

inline constexpr std::string_view kSealedSecretsFile = "secrets.age.toml";  // in the job directory
inline constexpr std::string_view kRecipientsFile = "age.recipients";       // beside workers.json
inline constexpr std::size_t kMaxGitSecretBytes = 64 * 1024;  // one value, before it is encrypted
inline constexpr std::size_t kMaxGitSecrets = 200;            // of one job

// Text of the file. Tells of whatever is no encrypted value, and never shows it: it may be one in the clear.
std::map<std::string, std::string> parse_sealed_secrets(std::string_view text, const std::string& path,
                                                        Diagnostics& diagnostics);
// The inverse, with a comment on top. REQUIRES: what parse_sealed_secrets accepts.
std::string sealed_secrets_text(const std::map<std::string, std::string>& sealed);

// A key somebody may set: letters, digits, `_`, `-` and `.`, at most 128 of them.
bool is_secret_key(std::string_view key);

// What is encrypted for a secret.
std::string bound_secret(const JobName& job, const std::string& key, std::string_view value);
// The value in what was decrypted. nullopt: it was encrypted for another job or key, or not by us.
std::optional<std::string> unbound_secret(const JobName& job, const std::string& key, std::string_view text);

// For whom and what it was encrypted, in what was decrypted. nullopt: not by us.
struct SecretOwner {
  std::string job, key;
};
std::optional<SecretOwner> owner_of_secret(std::string_view text);

// Why a secret of the job cannot be opened: the first, how many more, and what to do. nullopt: all can.
std::optional<std::string> unreadable_secret(const Job& job, const OpenSealed& open);

// The public keys of a recipients file: one a line, `#` begins a comment.
std::vector<std::string> parse_recipients(std::string_view text, const std::string& path,
                                          Diagnostics& diagnostics);

}  // namespace maand
