#include "reconciler/core/removal_trailer.h"

#include <string_view>

#include "reconciler/core/commit_trailers.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostWrong = 10;

void read_value(std::string_view value, AllowedRemovals& out) {
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view word = trim(value.substr(0, comma));
    if (equal_fold(word, "yes")) {
      out.all = true;
    } else if (is_job_name(word)) {
      out.jobs.insert(JobName(word));
    } else if (out.wrong.size() < kMostWrong) {
      out.wrong.push_back(std::string(kAllowRemovalsTrailer) + ": " + quote(word) +
                          " is neither `yes` nor the name of a job, so it allows nothing");
    }
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

AllowedRemovals allowed_removals(const std::vector<std::string>& messages) {
  AllowedRemovals out;
  for (const std::string& message : messages) {
    for (const auto& [key, value] : commit_trailers(message)) {
      if (equal_fold(key, kAllowRemovalsTrailer)) read_value(value, out);
    }
  }
  return out;
}

}  // namespace maand
