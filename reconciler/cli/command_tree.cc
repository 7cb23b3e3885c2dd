#include "reconciler/cli/command_tree.h"

#include <algorithm>

namespace maand {

const char* to_string(Offer offer) {
  switch (offer) {
    case Offer::kNothing:
      return "nothing";
    case Offer::kChoices:
      return "choices";
    case Offer::kDirectories:
      return "directories";
    case Offer::kJobs:
      return "jobs";
    case Offer::kWorkers:
      return "workers";
    case Offer::kAllocations:
      return "allocations";
    case Offer::kJobsOrAllocations:
      return "both";
  }
  return "nothing";
}

Offer offer_for(const std::string& name, bool has_choices) {
  if (has_choices) return Offer::kChoices;
  static constexpr struct {
    const char* name;
    Offer offer;
  } kKnown[] = {
      {"JOB", Offer::kJobs},
      {"COMMIT|JOB", Offer::kJobs},
      {"--jobs", Offer::kJobs},
      {"JOB@WORKER", Offer::kAllocations},
      {"JOB[@WORKER]", Offer::kJobsOrAllocations},
      {"HOST", Offer::kWorkers},
      {"--workers", Offer::kWorkers},
      {"--allocations", Offer::kWorkers},
      {"DIR", Offer::kDirectories},
      {"--bucket", Offer::kDirectories},
      {"--buckets", Offer::kDirectories},
      {"--workspace", Offer::kDirectories},
  };
  for (const auto& known : kKnown) {
    if (name == known.name) return known.offer;
  }
  return Offer::kNothing;
}

const Command* Command::find(std::string_view subcommand) const {
  const auto at = std::find_if(subcommands.begin(), subcommands.end(),
                               [&](const Command& one) { return one.name == subcommand; });
  return at == subcommands.end() ? nullptr : &*at;
}

std::vector<const CommandOption*> Command::positionals() const {
  std::vector<const CommandOption*> out;
  for (const CommandOption& one : options) {
    if (one.positional) out.push_back(&one);
  }
  return out;
}

std::vector<const CommandOption*> Command::flags() const {
  std::vector<const CommandOption*> out;
  for (const CommandOption& one : options) {
    if (!one.positional) out.push_back(&one);
  }
  return out;
}

std::string written(const CommandOption& option) {
  std::string out;
  for (const std::string& name : option.names) out += (out.empty() ? "" : ", ") + name;
  return out + (option.takes_value ? " VALUE" : "");
}

std::string Command::synopsis() const {
  std::string out;
  for (const CommandOption* one : flags()) {
    if (one->names.back() == "--help") continue;
    const std::string text = one->names.back() + (one->takes_value ? " VALUE" : "");
    out += one->required ? " " + text : " [" + text + "]";
  }
  for (const CommandOption* one : positionals()) {
    const std::string text = one->names.front() + (one->many ? "…" : "");
    out += one->required ? " " + text : " [" + text + "]";
  }
  return out + (subcommands.empty() ? "" : " COMMAND");
}

}  // namespace maand
