// Versions of jobs: MAJOR[.MINOR[.PATCH]][-PRERELEASE] (workspace.md, list of
// differences and 2.4).
//
// Order decides only whether a demand is met (R2.8). Whether a job rolls out is
// decided by the *text* of its version, so `1.0` → `1.0.0` is a change.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maand {

struct Version {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::string prerelease;  // [0-9A-Za-z.-]*; empty = a release

  // By number, then a prerelease before its release, then prereleases as bytes.
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version&, const Version&) = default;
};

inline constexpr const char* kVersionGrammar =
    "write MAJOR[.MINOR[.PATCH]][-PRERELEASE], for example 1.4.2 or 2.0.0-rc.1";

// White space around and one leading `v` or `V` are dropped. nullopt: no version.
std::optional<Version> parse_version(std::string_view text);

// `M.m.p` or `M.m.p-pre`
std::string to_string(const Version& version);

}  // namespace maand
