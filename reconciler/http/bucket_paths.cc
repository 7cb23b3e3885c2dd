#include "reconciler/http/bucket_paths.h"

#include <cstddef>
#include <string_view>

namespace maand {
namespace {

constexpr std::string_view kRoot = "/buckets";

// RFC 3986, "unreserved".
bool stands_for_itself(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::optional<BucketPath> bucket_path(const std::string& path) {
  if (!path.starts_with(kRoot)) return std::nullopt;
  const std::string_view after = std::string_view(path).substr(kRoot.size());
  if (after.empty() || after == "/") return BucketPath{};
  if (after.front() != '/') return std::nullopt;
  const std::size_t slash = after.find('/', 1);
  if (slash == std::string_view::npos) return BucketPath{std::string(after.substr(1)), ""};
  if (slash == 1) return std::nullopt;
  return BucketPath{std::string(after.substr(1, slash - 1)), std::string(after.substr(slash))};
}

std::string path_of_bucket(const std::string& name) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = std::string(kRoot) + "/";
  for (const char c : name) {
    if (stands_for_itself(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out + "/";
}

}  // namespace maand
