#include "reconciler/core/ports_of_before.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace maand {
namespace {

constexpr std::string_view kSuffix = "+before";  // `+` is in no job name

std::set<JobName> with_way_back(const AppliedState& applied) {
  std::set<JobName> out;
  for (const auto& [key, allocation] : applied.allocations) {
    if (allocation.before && allocation.before->running) out.insert(key.job);
  }
  return out;
}

}  // namespace

PortTable with_ports_of_before(PortClaims& claims, const AppliedState& applied) {
  PortTable table = applied.ports;
  const std::set<JobName> jobs = with_way_back(applied);
  std::erase_if(table, [&](const auto& entry) {
    const std::string& name = entry.first.str();
    if (!name.ends_with(kSuffix)) return false;
    return jobs.count(JobName(name.substr(0, name.size() - kSuffix.size()))) == 0;
  });
  for (const JobName& job : jobs) {
    const auto declared = claims.declared.find(job);
    if (declared == claims.declared.end()) continue;  // what cannot be read keeps all it has
    const JobName spare(job.str() + std::string(kSuffix));
    PortNumbers kept = table[spare];
    PortNumbers& own = table[job];
    for (const auto& [name, number] : own) {
      const auto is = [&name = name](const PortBinding& port) { return port.name == name; };
      const auto binding = std::find_if(declared->second.begin(), declared->second.end(), is);
      const bool same = binding != declared->second.end() && binding->fixed.value_or(number) == number;
      if (!same) kept.emplace(name, number);
    }
    for (const PortBinding& port : declared->second) {
      const auto had = kept.find(port.name);
      if (had == kept.end() || port.fixed.value_or(had->second) != had->second) continue;
      own[port.name] = had->second;
      kept.erase(had);
    }
    if (kept.empty()) {
      table.erase(spare);
      continue;
    }
    table[spare] = std::move(kept);
    claims.unknown.insert(spare);
  }
  return table;
}

}  // namespace maand
