#include "reconciler/core/hold_key.h"

#include <string>
#include <string_view>

namespace maand {
namespace {

using Settings = std::map<std::string, std::string>;

// The settings of one namespace that `reads` name.
void take(const std::string& ns, const Settings& all, const std::vector<ValueRead>& reads, Settings& out) {
  for (const ValueRead& read : reads) {
    if (read.ns && *read.ns != ns) continue;
    for (const auto& [key, value] : all) {
      if (!read.key || *read.key == key) out[ns + "/" + key] = value;
    }
  }
}

}  // namespace

TreeId hold_key(const TreeId& tree, const Job& job, const BucketConf& bucket,
                const BucketJobsConf& settings) {
  static const Settings kNone;
  const auto section = settings.jobs.find(job.name);
  const Settings& own = section == settings.jobs.end() ? kNone : section->second;
  Settings read;
  for (const JobTemplate& one : job.templates) {
    const std::vector<ValueRead> reads = value_reads(*one.parsed);
    take("vars/bucket", bucket.values, reads, read);
    take("vars/bucket/job/" + job.name.str(), own, reads, read);
  }
  for (const char* reserved : {"memory", "cpu"}) {
    const auto value = own.find(reserved);
    if (value != own.end()) read[std::string("reserved ") + reserved] = value->second;
  }
  if (read.empty()) return tree;
  std::string text;
  for (const auto& [key, value] : read) {
    text += std::to_string(key.size()) + ":" + key + std::to_string(value.size()) + ":" + value;
  }
  return TreeId(tree.str() + "+" + sha256(text).hex().substr(0, 16));
}

bool same_directory(const TreeId& a, const TreeId& b) {
  return std::string_view(a.str()).substr(0, a.str().find('+')) ==
         std::string_view(b.str()).substr(0, b.str().find('+'));
}

}  // namespace maand
