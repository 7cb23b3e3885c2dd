#include "reconciler/cli/secret_place.h"

#include <cstdlib>
#include <system_error>

namespace maand {

std::filesystem::path handed_credentials() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory && *directory == '/' ? directory : "";
}

std::filesystem::path secret_place(const Bucket& bucket, const std::string& name) {
  std::filesystem::path own = bucket.secrets() / name;
  const std::filesystem::path handed = handed_credentials();
  std::error_code ignored;
  if (handed.empty() || std::filesystem::exists(own, ignored)) return own;
  std::filesystem::path other = handed / name;
  return std::filesystem::exists(other, ignored) ? other : own;
}

}  // namespace maand
