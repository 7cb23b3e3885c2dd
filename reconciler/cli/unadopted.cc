#include "reconciler/cli/unadopted.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "reconciler/store/original_database.h"

namespace maand {
namespace {

bool is_unadopted(const Bucket& bucket) {
  return std::filesystem::exists(bucket.data() / kOriginalDatabase) &&
         !std::filesystem::exists(bucket.data() / kAdoptedMark);
}

}  // namespace

void mark_adopted(const Bucket& bucket) {
  constexpr std::string_view kText = "what maand.db tells was taken over by `maand adopt`\n";
  const std::filesystem::path mark = bucket.data() / kAdoptedMark;
  const int file = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const bool written = file >= 0 &&
                       ::write(file, kText.data(), kText.size()) == static_cast<ssize_t>(kText.size()) &&
                       ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!written)
    throw CommandError(kExitFailed, "cannot write " + mark.string() + ": " + std::strerror(error));
}

void refuse_unadopted(const Bucket& bucket, bool blank) {
  if (!is_unadopted(bucket)) return;
  const std::filesystem::path database = bucket.data() / kOriginalDatabase;
  if (!blank) return mark_adopted(bucket);  // an adoption that was cut off after it counted
  throw CommandError(
      kExitHeld,
      "this bucket was deployed by the original maand (" + database.string() +
          ") and nothing of it is on record here, so everything would be started that runs "
          "already: `maand adopt --dry-run` shows what taking it over means, `maand adopt` does it. "
          "If nothing of it runs any more, move that file away");
}

void refuse_unadopted_config(const Bucket& bucket) {
  if (bucket.config.bucket_id.empty() && is_unadopted(bucket)) refuse_unadopted(bucket, true);
}

}  // namespace maand
