#include "gitsource/age_opener.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "reconciler/core/git_secrets.h"
#include "reconciler/core/ids.h"

namespace maand {
namespace {

using Steady = std::chrono::steady_clock;

// What is remembered, until it is more; then all is opened anew as it is needed.
constexpr std::size_t kMostRemembered = 20'000;
constexpr std::chrono::seconds kBelievedFor{5};

// Fails alike for every secret, and is not the fault of this one.
bool concerns_all(AgeResult::State state) {
  return state == AgeResult::State::kNoProgram || state == AgeResult::State::kNoIdentity ||
         state == AgeResult::State::kFailed;
}

// Changes whenever the file does: what did not open may open now.
std::string likeness(const std::filesystem::path& identity) {
  struct stat about {};
  if (::stat(identity.c_str(), &about) != 0) return "none";
  return std::to_string(about.st_dev) + " " + std::to_string(about.st_ino) + " " +
         std::to_string(about.st_size) + " " + std::to_string(about.st_mtim.tv_sec) + "." +
         std::to_string(about.st_mtim.tv_nsec) + " " + std::to_string(about.st_ctim.tv_sec) + "." +
         std::to_string(about.st_ctim.tv_nsec);
}

class AgeOpener : public SecretOpener {
 public:
  AgeOpener(std::filesystem::path identity, Decrypt decrypt)
      : identity_(std::move(identity)), decrypt_(std::move(decrypt)) {}
  ~AgeOpener() override { forget_all(); }

  void open_ahead(const Job& job) override {
    for (const auto& [key, sealed] : job.sealed_secrets) open(job.name, key, sealed);
  }

  // One at a time: who waits for the same secret finds it remembered.
  RevealedSecret open(const JobName& job, const std::string& key, const std::string& sealed) override {
    const Digest id = sha256(job.str() + "\n" + key + "\n" + sealed);
    const std::lock_guard lock(mutex_);
    if (const auto known = opened_.find(id); known != opened_.end())
      return {RevealedSecret::State::kOpened, known->second, ""};
    const std::string identity = likeness(identity_);
    if (identity != seen_) {
      locked_.clear();
      trouble_.reset();
      seen_ = identity;
    }
    if (const auto known = locked_.find(id); known != locked_.end()) return known->second;
    if (trouble_ && Steady::now() < trouble_until_) return no(*trouble_);
    trouble_.reset();
    AgeResult result = decrypt_(identity_, sealed);
    if (result.state != AgeResult::State::kDone) {
      if (concerns_all(result.state)) {
        trouble_ = result;
        trouble_until_ = Steady::now() + kBelievedFor;
        return no(result);
      }
      return stays_locked(id, no(result));
    }
    std::optional<std::string> value = unbound_secret(job, key, result.text);
    const std::optional<SecretOwner> owner = value ? std::nullopt : owner_of_secret(result.text);
    OPENSSL_cleanse(result.text.data(), result.text.size());
    if (!value) {
      return stays_locked(id, {RevealedSecret::State::kBadFormat, "", bound_elsewhere(owner, job, key)});
    }
    if (opened_.size() >= kMostRemembered) forget_all();
    opened_.emplace(id, *value);
    return {RevealedSecret::State::kOpened, *std::move(value), ""};
  }

 private:
  // Also after a rename: whoever writes the templates of a job must not come by the secrets of one that is
  // gone by taking its name (`renamed_from`).
  static std::string bound_elsewhere(const std::optional<SecretOwner>& owner, const JobName& job,
                                     const std::string& key) {
    const std::string set = "`maand secrets set " + job.str() + " " + key + "`";
    if (!owner) return "it was encrypted for another job or key, and opens for no other; set it with " + set;
    if (owner->job == job.str())
      return "it was encrypted for the key `" + owner->key + "`, and opens for no other; set it with " + set;
    return "it was encrypted for job `" + owner->job +
           "`, and opens for no other, also not for the job it was "
           "renamed to; set it again with " +
           set + " (in a checkout from before, `maand secrets edit " + owner->job + "` shows its value)";
  }

  static RevealedSecret no(const AgeResult& result) {
    using State = RevealedSecret::State;
    const bool no_key = concerns_all(result.state);
    return {no_key ? State::kNoKey : State::kWrongKeyOrDamaged, "", result.problem};
  }

  // With this identity it never opens, so age is not asked at every pass.
  RevealedSecret stays_locked(const Digest& id, RevealedSecret why) {
    if (locked_.size() >= kMostRemembered) locked_.clear();
    locked_.emplace(id, why);
    return why;
  }

  void forget_all() {
    for (auto& [id, value] : opened_) OPENSSL_cleanse(value.data(), value.size());
    opened_.clear();
  }

  const std::filesystem::path identity_;
  const Decrypt decrypt_;
  std::mutex mutex_;  // guards what follows
  std::map<Digest, std::string> opened_;
  std::map<Digest, RevealedSecret> locked_;
  std::string seen_;  // likeness of the identity that locked_ and trouble_ are of
  std::optional<AgeResult> trouble_;
  Steady::time_point trouble_until_;
};

}  // namespace

std::unique_ptr<SecretOpener> make_age_opener(std::filesystem::path identity, Decrypt decrypt) {
  if (!decrypt) {
    decrypt = [](const std::filesystem::path& file, const std::string& armored) {
      return age_decrypt(file, armored);
    };
  }
  return std::make_unique<AgeOpener>(std::move(identity), std::move(decrypt));
}

}  // namespace maand
