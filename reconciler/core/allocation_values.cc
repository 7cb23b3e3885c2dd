#include "reconciler/core/allocation_values.h"

#include <algorithm>

namespace maand {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

AllocationValues::AllocationValues(const Variables& variables, const Job& job,
                                   std::optional<std::uint32_t> worker, const ScrapeTexts& scrape)
    : variables_(variables), job_(job), worker_(worker), scrape_(scrape) {
  log_.reserve(1024);
  asked_.reserve(8);
}

bool AllocationValues::is_own_or_demanded(std::string_view job) const {
  return job == job_.name.str() || std::any_of(job_.demands.begin(), job_.demands.end(),
                                               [&](const Demand& demand) { return demand.job.str() == job; });
}

bool AllocationValues::may_read(std::string_view ns) const {
  if (ns == "maand" || ns == "maand/bucket" || ns == "vars/bucket") return true;
  if (ns == "maand/worker" || ns == "maand/prometheus") return worker_.has_value();
  std::string_view rest = ns;
  if (take_prefix(rest, "maand/worker/")) {
    const std::size_t slash = rest.find('/');
    const bool whole = slash == std::string_view::npos || rest.substr(slash) == "/tags";
    return worker_ && whole && variables_.worker_named(rest.substr(0, slash)) == worker_;
  }
  if (take_prefix(rest, "vars/bucket/job/")) return rest == job_.name.str();
  if (take_prefix(rest, "vars/job/") || take_prefix(rest, "secrets/job/")) return is_own_or_demanded(rest);
  if (!take_prefix(rest, "maand/job/")) return false;
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return is_own_or_demanded(rest);
  if (rest.substr(0, slash) != job_.name.str()) return false;
  rest.remove_prefix(slash);
  return worker_ && take_prefix(rest, "/worker/") && variables_.worker_named(rest) == worker_;
}

// A name and its value can hold any byte, so each is told with its length.
void AllocationValues::record(std::string_view ns, std::string_view key, std::string_view value) {
  for (const std::string_view part : {ns, key, value}) {
    log_ += std::to_string(part.size());
    log_ += ':';
    log_ += part;
  }
}

const AllocationValues::Asked& AllocationValues::asked(std::string_view ns) {
  constexpr std::size_t kMost = 16;
  for (const Asked& one : asked_) {
    if (one.ns == ns) return one;
  }
  if (asked_.size() == kMost) asked_.clear();
  const bool allowed = may_read(ns);
  return asked_.emplace_back(
      Asked{std::string(ns), allowed, allowed ? variables_.space_of(ns) : Variables::Space()});
}

AllocationValues::Answer AllocationValues::get(std::string_view ns, std::string_view key,
                                               std::string_view& value) {
  const Asked& in = asked(ns);
  if (!in.allowed) return Answer::kDenied;
  std::string made;
  Variables::Value found = variables_.get(in.space, ns, key, made);
  if (found.text && found.text->data() == made.data()) {
    made_.push_front(std::move(made));
    found.text = made_.front();
  }
  record(ns, key, found.text.value_or(std::string_view("\0", 1)));
  if (!found.text) return Answer::kMissing;  // one that cannot be opened is waited for as well
  value = *found.text;
  return Answer::kFound;
}

AllocationValues::Answer AllocationValues::keys(std::string_view ns, std::vector<std::string>& keys) {
  if (!may_read(ns)) return Answer::kDenied;
  const auto found = variables_.keys(ns);
  if (!found) {
    record(ns, "", "");
    return Answer::kMissing;
  }
  keys = *found;
  for (const std::string& key : keys) record(ns, key, "");
  return Answer::kFound;
}

AllocationValues::Answer AllocationValues::secret(std::string_view key, std::string_view& value) {
  return get("secrets/job/" + job_.name.str(), key, value);
}

std::optional<std::string> AllocationValues::scrape_configs(std::string& problem) {
  problem = scrape_.problem;
  if (!problem.empty()) return std::nullopt;
  record("", "scrapeConfigs", scrape_.scrape_configs);
  return scrape_.scrape_configs;
}

std::optional<std::string> AllocationValues::rule_files(std::string& problem) {
  problem = scrape_.problem;
  if (!problem.empty()) return std::nullopt;
  record("", "ruleFiles", scrape_.rule_files);
  return scrape_.rule_files;
}

}  // namespace maand
