// The bucket's CA in memory. What it signs is real, with keys that are quick to make.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/certificate_issuer.h"
#include "reconciler/store/certificate_signing.h"

namespace maand::testing {

// As an original maand signs (workspace.md 12.2): IP addresses alone, no extended usage. PKCS #8.
IssuedPair original_pair(const IssuedPair& authority, const std::string& common_name,
                         const std::vector<std::string>& addresses, WallTime from, WallTime to);

class FakeIssuer : public CertificateIssuer {
 public:
  BucketAuthority authority(WallTime) override {
    const std::lock_guard lock(mutex_);
    return {pair_.certificate, pair_.certificate.empty(), problem_};
  }
  void create(const BucketId& bucket, WallTime now) override {
    const std::lock_guard lock(mutex_);
    if (!pair_.certificate.empty()) throw CertificateError("the bucket has a CA already");
    pair_ = make_authority(bucket.str(), CertificateSpec::Key::kEcdsaP256, now);
    ++created_;
  }
  // `tls 127.0.0.1 10.0.0.1 localhost` for each, in order.
  IssuedPair issue(const CertificateWish& wish) override {
    const std::lock_guard lock(mutex_);
    if (!problem_.empty()) throw CertificateError(problem_);
    std::string told = wish.spec.name;
    for (const auto* list : {&wish.addresses, &wish.names}) {
      for (const std::string& one : *list) told += " " + one;
    }
    issued_.push_back(told);
    CertificateWish quick = wish;
    if (quick_keys) quick.spec.key = CertificateSpec::Key::kEcdsaP256;
    return sign_certificate(pair_, quick);
  }

  void take(IssuedPair pair) {
    const std::lock_guard lock(mutex_);
    pair_ = std::move(pair);
  }
  void fail(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }
  const IssuedPair& pair() const { return pair_; }
  std::vector<std::string> issued() {
    const std::lock_guard lock(mutex_);
    return std::exchange(issued_, {});
  }
  int created() const { return created_; }
  bool quick_keys = true;

 private:
  std::mutex mutex_;  // guards everything
  IssuedPair pair_;
  std::string problem_;
  std::vector<std::string> issued_;
  int created_ = 0;
};

}  // namespace maand::testing
