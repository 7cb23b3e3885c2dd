#include "reconciler/core/git_secrets.h"

#include <algorithm>

#include "reconciler/core/bucket_conf.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::string_view kArmorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view kBinding = "maand-secret ";

bool is_base64_or_line_end(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
         c == '=' || c == '\n' || c == '\r';
}

bool is_armored(std::string_view text) {
  const std::string_view armor = trim(text);
  if (armor.size() < kArmorBegin.size() + kArmorEnd.size() || !armor.starts_with(kArmorBegin) ||
      !armor.ends_with(kArmorEnd))
    return false;
  const std::string_view inside =
      armor.substr(kArmorBegin.size(), armor.size() - kArmorBegin.size() - kArmorEnd.size());
  return std::all_of(inside.begin(), inside.end(), is_base64_or_line_end);
}

// `line 3, column 7` of a message of the TOML parser. What else it says may quote the file.
std::string position_in(const std::string& message) {
  const std::size_t end = message.find(':');
  return message.starts_with("line ") && end != std::string::npos ? message.substr(0, end) + ": " : "";
}

std::string binding_of(const JobName& job, const std::string& key) {
  return std::string(kBinding) + job.str() + " " + key + "\n";
}

}  // namespace

bool is_secret_key(std::string_view key) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !key.empty() && key.size() <= 128 && std::all_of(key.begin(), key.end(), fits);
}

std::map<std::string, std::string> parse_sealed_secrets(std::string_view text, const std::string& path,
                                                        Diagnostics& diagnostics) {
  const Site site(diagnostics, path);
  Diagnostics found;
  std::map<std::string, std::string> sealed = parse_text_map(text, path, found);
  for (const Diagnostic& one : found.all()) {
    diagnostics.error(
        path, one.field, position_in(one.message) + (one.field.empty() ? "is no TOML" : "must be text"),
        "write it with `maand secrets set`; if it holds a secret in the clear, replace that secret");
  }
  if (sealed.size() > kMaxGitSecrets)
    site.error(
        "holds " + std::to_string(sealed.size()) + " secrets, more than " + std::to_string(kMaxGitSecrets),
        "put what belongs together into one");
  for (const auto& [key, value] : sealed) {
    const Site member = site.member(printable(key));
    if (!is_secret_key(key)) {
      member.error("is no name of a secret", "use letters, digits, `_`, `-` and `.`, at most 128");
    } else if (!is_armored(value)) {
      member.error(
          "is not encrypted",
          "set it with `maand secrets set`; what is in git in the clear is known, so use a new value");
    }
  }
  return sealed;
}

std::string sealed_secrets_text(const std::map<std::string, std::string>& sealed) {
  std::string out =
      "# Encrypted with age. `maand secrets set JOB KEY` sets one, `maand secrets edit JOB` shows and "
      "changes\n"
      "# them all where the bucket's key is. Each opens for this job and its own key alone.\n";
  for (const auto& [key, value] : sealed) {
    const bool quoted = key.find('.') != std::string::npos;
    out +=
        "\n" + (quoted ? "\"" + key + "\"" : key) + " = \"\"\"\n" + std::string(trim(value)) + "\n\"\"\"\n";
  }
  return out;
}

std::string bound_secret(const JobName& job, const std::string& key, std::string_view value) {
  return binding_of(job, key) + std::string(value);
}

std::optional<std::string> unbound_secret(const JobName& job, const std::string& key, std::string_view text) {
  const std::string binding = binding_of(job, key);
  if (!text.starts_with(binding)) return std::nullopt;
  return std::string(text.substr(binding.size()));
}

std::optional<SecretOwner> owner_of_secret(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with(kBinding) || end == std::string_view::npos) return std::nullopt;
  const std::string_view words = text.substr(kBinding.size(), end - kBinding.size());
  const std::size_t space = words.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  SecretOwner owner{std::string(words.substr(0, space)), std::string(words.substr(space + 1))};
  if (!is_job_name(owner.job) || !is_secret_key(owner.key)) return std::nullopt;
  return owner;
}

std::optional<std::string> unreadable_secret(const Job& job, const OpenSealed& open) {
  if (job.sealed_secrets.empty()) return std::nullopt;
  if (!open) return "secrets of git cannot be opened here";
  std::optional<std::string> first;
  int more = 0;
  for (const auto& [key, sealed] : job.sealed_secrets) {
    const RevealedSecret opened = open(job.name, key, sealed);
    if (opened.state == RevealedSecret::State::kOpened) continue;
    if (first) {
      ++more;
    } else {
      first = "jobs/" + job.name.str() + "/" + std::string(kSealedSecretsFile) + ": " + key + ": " +
              opened.problem;
    }
  }
  if (first && more > 0) *first += " (and " + std::to_string(more) + " more of the job)";
  return first;
}

std::vector<std::string> parse_recipients(std::string_view text, const std::string& path,
                                          Diagnostics& diagnostics) {
  const auto is_key = [](std::string_view word) {
    return word.size() == 62 && word.starts_with("age1") && std::all_of(word.begin(), word.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
           });
  };
  std::vector<std::string> out;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view word = trim(line.substr(0, line.find('#')));
    if (word.empty()) continue;
    if (!is_key(word)) {
      diagnostics.error(path, "", "line " + std::to_string(number) + ": is no public key of age",
                        "write what `maand secrets recipient` prints, `age1…`, one a line");
    } else if (std::find(out.begin(), out.end(), word) == out.end()) {
      out.emplace_back(word);
    }
  }
  return out;
}

}  // namespace maand
