// Distinct types for the names that travel through the whole product, so that
// a commit can never be passed where a job is meant.
//
// All are immutable values, ordered bytewise, printable through str(). An empty
// value means "none". No validation happens here: `workspace` admits job names
// and hosts (grammar: workspace.md, list of differences).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace maand {

template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string value) : value_(std::move(value)) {}
  explicit Name(std::string_view value) : value_(value) {}
  explicit Name(const char* value) : value_(value) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend auto operator<=>(const Name&, const Name&) = default;
  friend bool operator==(const Name&, const Name&) = default;

 private:
  std::string value_;
};

using CommitId = Name<struct CommitTag>;        // 40 lower-case hex digits
using TreeId = Name<struct TreeTag>;            // git tree object id, 40 hex digits
using BlobId = Name<struct BlobTag>;            // git blob object id, 40 hex digits
using JobName = Name<struct JobTag>;            // [A-Za-z0-9][A-Za-z0-9_.-]{0,62}
using WorkerHost = Name<struct WorkerTag>;      // `host` of workers.json: the identity of a worker (R3.6)
using BucketId = Name<struct BucketTag>;        // `bucket_id` of maand.conf
using OperationId = Name<struct OperationTag>;  // one planned action on one allocation (R3.4); [0-9a-f]{32}

// One job on one worker.
struct AllocationKey {
  JobName job;
  WorkerHost worker;

  // `job@worker`, as users write and read it.
  std::string str() const { return job.str() + "@" + worker.str(); }

  friend auto operator<=>(const AllocationKey&, const AllocationKey&) = default;
  friend bool operator==(const AllocationKey&, const AllocationKey&) = default;
};

// A SHA-256.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  // 64 lower-case hex digits.
  std::string hex() const;
  // Empty (all zero) when `hex` is not 64 hex digits.
  static Digest from_hex(std::string_view hex);
  bool empty() const { return *this == Digest{}; }

  friend auto operator<=>(const Digest&, const Digest&) = default;
  friend bool operator==(const Digest&, const Digest&) = default;
};

// SHA-256 of `data`.
Digest sha256(std::string_view data);

}  // namespace maand

template <class Tag>
struct std::hash<maand::Name<Tag>> {
  std::size_t operator()(const maand::Name<Tag>& name) const noexcept {
    return std::hash<std::string>{}(name.str());
  }
};
