#include "reconciler/core/variables.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "reconciler/core/certificate_files.h"
#include "reconciler/core/kept_worker_id.h"
#include "reconciler/core/quantity.h"
#include "reconciler/core/text.h"
#include "reconciler/core/worker_files.h"

namespace maand {
namespace {

constexpr std::string_view kWorkerSpace = "maand/worker/";
constexpr std::string_view kJobSpace = "maand/job/";
constexpr std::string_view kSettingsSpace = "vars/bucket/job/";
constexpr std::string_view kVarsSpace = "vars/job/";
constexpr std::string_view kSecretsSpace = "secrets/job/";

using Indices = std::vector<std::uint32_t>;

// The number at the end of `key` behind `prefix`, written as a plain index.
std::optional<std::size_t> index_behind(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = key.substr(prefix.size());
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool plain = !digits.empty() && (digits.size() == 1 || digits[0] != '0');
  if (!plain || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<std::size_t> rank(const Indices& workers, std::uint32_t worker) {
  const auto found = std::lower_bound(workers.begin(), workers.end(), worker);
  if (found == workers.end() || *found != worker) return std::nullopt;
  return static_cast<std::size_t>(found - workers.begin());
}

}  // namespace

Variables::Variables(const Inputs& inputs) : in_(inputs) {
  addresses_.reserve(in_.workers.size());
  for (std::uint32_t i = 0; i < in_.workers.size(); ++i) {
    const Worker& worker = in_.workers[i];
    addresses_.push_back(worker.address.empty() ? worker.host.str() : worker.address);
    for (const std::string& label : worker.labels) labels_[label].push_back(i);
  }
  for (std::uint32_t i = 0; i < addresses_.size(); ++i) by_name_.emplace(addresses_[i], i);
  for (std::uint32_t i = 0; i < addresses_.size(); ++i) by_name_.emplace(in_.workers[i].host.str(), i);

  for (const auto& job : in_.jobs) by_job_.emplace(job.first.str(), &job);

  Map& bucket = maps_["maand/bucket"];
  std::vector<std::string> all;
  std::vector<std::string> active;
  for (const auto& [name, job] : in_.jobs) {
    all.push_back(name.str());
    if (active_workers(name).empty()) continue;
    active.push_back(name.str());
    const auto ports = in_.ports.find(name);
    if (ports == in_.ports.end()) continue;
    for (const auto& [port, number] : ports->second) bucket[port] = std::to_string(number);
  }
  bucket["bucket_id"] = in_.sources.bucket.str();
  bucket["jobs"] = comma_list(all);
  bucket["activejobs"] = comma_list(active);
  for (const auto& [key, value] : in_.bucket_conf) maps_["vars/bucket"][key] = trim(value);
  for (const auto& [key, value] : in_.prometheus) maps_["maand/prometheus"][key] = trim(value);
  if (!in_.sources.ca_pem.empty()) maps_["maand/worker"]["certs/ca.crt"] = trim(in_.sources.ca_pem);
  for (const auto& [job, settings] : in_.job_settings) {
    if (in_.jobs.count(job) == 0) continue;
    for (const auto& [key, value] : settings)
      maps_[std::string(kSettingsSpace) + job.str()][key] = trim(value);
  }
  for (const auto& [name, job] : in_.jobs) {
    for (const auto& [key, value] : job.job->vars)
      maps_[std::string(kVarsSpace) + name.str()][key] = trim(value);
    if (!in_.sources.open) continue;
    for (const auto& [key, sealed] : job.job->sealed_secrets) {
      RevealedSecret opened = in_.sources.open(name, key, sealed);
      if (opened.state == RevealedSecret::State::kOpened)
        maps_[std::string(kSecretsSpace) + name.str()][key] = std::move(opened.text);
    }
  }
  for (std::uint32_t i = 0; i < in_.workers.size(); ++i) {
    for (const auto& [key, value] : in_.workers[i].tags) {
      maps_[std::string(kWorkerSpace) + addresses_[i] + "/tags"][key] = trim(value);
    }
  }
}

std::optional<std::uint32_t> Variables::worker_named(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

const Indices& Variables::active_workers(const JobName& name) const {
  const auto [entry, fresh] = active_.try_emplace(name);
  if (!fresh) return entry->second;
  const bool any_disabled = !in_.disabled.workers.empty() || !in_.disabled.jobs.empty();
  for (const std::uint32_t worker : *in_.jobs.at(name).workers) {
    if (any_disabled && in_.disabled.covers({name, in_.workers[worker].host})) continue;
    entry->second.push_back(worker);
  }
  return entry->second;
}

std::string Variables::addresses_of(const Indices& workers, std::optional<std::uint32_t> without) const {
  std::string out;
  for (const std::uint32_t worker : workers) {
    if (worker == without) continue;
    if (!out.empty()) out += ',';
    out += addresses_[worker];
  }
  return out;
}

// ---- which namespace ------------------------------------------------------------------

Variables::Space Variables::job_space(std::string_view rest) const {
  constexpr std::string_view kBetween = "/worker/";
  const std::size_t slash = rest.find('/');
  const auto found = by_job_.find(rest.substr(0, slash));
  if (found == by_job_.end()) return {};
  const auto& [name, job] = *found->second;
  if (slash == std::string_view::npos) {
    return {Kind::kMap, job_map(name, job), 0, &job};
  }
  if (!rest.substr(slash).starts_with(kBetween)) return {};
  const auto worker = worker_named(rest.substr(slash + kBetween.size()));
  if (!worker || !rank(*job.workers, *worker)) return {};
  return {Kind::kAllocation, nullptr, *worker, &job};
}

Variables::Space Variables::worker_space(std::string_view rest) const {
  const std::size_t slash = rest.find('/');
  const auto worker = worker_named(rest.substr(0, slash));
  if (!worker) return {};
  if (slash == std::string_view::npos) {
    return {Kind::kWorker, worker_map(*worker), *worker};
  }
  if (rest.substr(slash) != "/tags") return {};
  const auto tags = maps_.find(std::string(kWorkerSpace) + addresses_[*worker] + "/tags");
  if (tags == maps_.end()) return {};
  return {Kind::kMap, &tags->second};
}

Variables::Space Variables::space_of(std::string_view ns) const {
  if (ns.starts_with(kJobSpace)) return job_space(ns.substr(kJobSpace.size()));
  if (ns.starts_with(kWorkerSpace)) return worker_space(ns.substr(kWorkerSpace.size()));
  const auto fixed = maps_.find(ns == "maand" ? "maand/bucket" : ns);
  const Map* map = fixed == maps_.end() ? nullptr : &fixed->second;
  if (ns == "maand/worker") return {Kind::kLabels, map};
  if (ns.starts_with(kVarsSpace) || ns.starts_with(kSecretsSpace)) return {Kind::kStored, map};
  return map ? Space(Kind::kMap, map) : Space();
}

// ---- what it holds --------------------------------------------------------------------

const Variables::Map* Variables::job_map(const JobName& name, const PlacedJob& placed) const {
  const auto [entry, fresh] = job_maps_.try_emplace(name);
  Map& out = entry->second;
  if (!fresh) return &out;
  const Job& job = *placed.job;
  const Indices& active = active_workers(name);
  const auto scrape = in_.scrape_names.find(name);
  out["job_id"] = derived_id(name.str());
  out["name"] = name.str();
  out["job_name"] = scrape == in_.scrape_names.end() ? name.str() : scrape->second;
  out["version"] = job.version;
  out["selectors"] = comma_list(job.selectors);
  const auto bounds = [&out](const char* unit, const char* kind, const Bounds& stated, double reserved) {
    // Nothing stated: the reservation of bucket.jobs.conf is both bounds.
    const bool none = stated.min == 0 && stated.max == 0;
    out[std::string("min_") + unit] = format_quantity(none ? reserved : stated.min);
    out[std::string("max_") + unit] = format_quantity(none ? reserved : stated.max);
    out[kind] = format_quantity(reserved);
  };
  bounds("memory_mb", "memory", job.resources.memory_mb, job.reservation.memory_mb);
  bounds("cpu_mhz", "cpu", job.resources.cpu_mhz, job.reservation.cpu_mhz);
  out["workers"] = addresses_of(active);
  out["workers_length"] = std::to_string(active.size());
  out["rollout_order"] = out["workers"];
  for (std::size_t i = 0; i < active.size(); ++i) out["worker_" + std::to_string(i)] = addresses_[active[i]];
  return &out;
}

const Variables::Map* Variables::worker_map(std::uint32_t index) const {
  const auto [entry, fresh] = worker_maps_.try_emplace(index);
  Map& out = entry->second;
  if (!fresh) return &out;
  const Worker& worker = in_.workers[index];
  out["worker_ip"] = addresses_[index];
  out["worker_id"] = told_worker_id(in_.sources, worker.host);
  out["labels"] = comma_list(worker.labels);
  out["worker_cpu_mhz"] = format_quantity(worker.cpu_mhz);
  out["worker_memory_mb"] = format_quantity(worker.memory_mb);
  out["position"] = std::to_string(worker.position);
  if (!worker.hostname.empty()) out["hostname"] = worker.hostname;
  std::vector<std::string> jobs;
  for (const auto& [name, job] : in_.jobs) {
    if (rank(active_workers(name), index)) jobs.push_back(name.str());
  }
  out["jobs"] = comma_list(jobs);
  for (const std::string& label : worker.labels) {
    if (const auto at = rank(labels_.at(label), index))
      out[label + "_allocation_index"] = std::to_string(*at);
  }
  return &out;
}

// `<L>_peers`: the key is left out where no other worker has the label.
std::optional<std::string_view> Variables::peers(std::uint32_t worker, std::string_view key,
                                                 std::string& made) const {
  constexpr std::string_view kSuffix = "_peers";
  if (!key.ends_with(kSuffix)) return std::nullopt;
  const std::string_view label = key.substr(0, key.size() - kSuffix.size());
  const auto found = labels_.find(label);
  if (found == labels_.end() || found->second.size() < 2 || !rank(found->second, worker)) return std::nullopt;
  made = addresses_of(found->second, worker);
  return made;
}

std::optional<std::string_view> Variables::label_value(std::string_view key, std::string& made) const {
  // A label may hold `_` itself, so each place where it may end is tried.
  for (std::size_t at = key.find('_'); at != std::string_view::npos; at = key.find('_', at + 1)) {
    const auto found = labels_.find(key.substr(0, at));
    if (found == labels_.end()) continue;
    const std::string_view rest = key.substr(at + 1);
    const Indices& workers = found->second;
    if (rest == "label_id") {
      made = derived_id(found->first);
    } else if (rest == "workers") {
      made = addresses_of(workers);
    } else if (rest == "workers_length") {
      made = std::to_string(workers.size());
    } else if (const auto index = index_behind(rest, ""); index && *index < workers.size()) {
      made = addresses_[workers[*index]];
    } else {
      continue;
    }
    return made;
  }
  return std::nullopt;
}

std::optional<std::string_view> Variables::allocation_value(const Space& space, std::string_view key,
                                                            std::string& made) const {
  const Job& job = *space.job_->job;
  if (key == "version") return job.version;
  if (key == "peer_workers") {
    made = addresses_of(*space.job_->workers, space.worker_);
    return made;
  }
  if (key == job.name.str() + "_allocation_index") {
    made = std::to_string(*rank(*space.job_->workers, space.worker_));
    return made;
  }
  return std::nullopt;
}

Variables::Value Variables::stored(std::string_view ns, std::string_view key, std::string& made) const {
  if (!in_.sources.stored) return {};
  const ValueLookup found = in_.sources.stored->find(ns, key);
  if (!found.value) return {};
  if (!found.value->secret) return {found.value->value, ""};
  if (!in_.sources.reveal) return {std::nullopt, "secrets cannot be opened here"};
  RevealedSecret revealed = in_.sources.reveal(*found.value);
  if (revealed.state != RevealedSecret::State::kOpened) return {std::nullopt, revealed.problem};
  made = std::move(revealed.text);
  return {made, ""};
}

// Whatever name of the worker was asked with.
Variables::Value Variables::certificate(const Space& space, std::string_view key, std::string& made) const {
  const Job& job = *space.job_->job;
  Value found = stored(allocation_namespace(job.name, addresses_[space.worker_]), key, made);
  if (found.text || !found.problem.empty() || in_.sources.certificates_awaited) return found;
  for (const CertificateSpec& spec : job.certs) {
    if (key == certificate_path(spec.name) || key == private_key_path(spec.name))
      return {kCertificateToCome, ""};
  }
  return found;
}

Variables::Value Variables::get(const Space& space, std::string_view ns, std::string_view key,
                                std::string& made) const {
  if (space.map_) {
    const auto found = space.map_->find(key);
    if (found != space.map_->end()) return {found->second, ""};
  }
  switch (space.kind_) {
    case Kind::kLabels:
      return {label_value(key, made), ""};
    case Kind::kWorker:
      return {peers(space.worker_, key, made), ""};
    case Kind::kAllocation:
      if (const auto value = allocation_value(space, key, made)) return {value, ""};
      return certificate(space, key, made);
    case Kind::kStored:
      return stored(ns, key, made);
    case Kind::kMap:
    case Kind::kNone:
      return {};
  }
  return {};
}

std::optional<std::vector<std::string>> Variables::keys(std::string_view ns) const {
  const Space space = space_of(ns);
  std::set<std::string> out;
  if (space.map_) {
    for (const auto& [key, value] : *space.map_) out.insert(key);
  }
  if (space.kind_ == Kind::kLabels) {
    for (const auto& [label, workers] : labels_) {
      const std::string prefix = std::string(label) + "_";
      for (const char* rest : {"label_id", "workers", "workers_length"}) out.insert(prefix + rest);
      for (std::size_t i = 0; i < workers.size(); ++i) out.insert(prefix + std::to_string(i));
    }
  } else if (space.kind_ == Kind::kWorker) {
    for (const std::string& label : in_.workers[space.worker_].labels) {
      if (labels_.at(label).size() > 1) out.insert(label + "_peers");
    }
  } else if (space.kind_ == Kind::kAllocation) {
    const std::string index = space.job_->job->name.str() + "_allocation_index";
    for (const std::string& key : {index, std::string("peer_workers"), std::string("version")})
      out.insert(key);
  }
  if (space.kind_ == Kind::kStored || space.kind_ == Kind::kAllocation) {
    const std::string own = space.kind_ == Kind::kAllocation
                                ? allocation_namespace(space.job_->job->name, addresses_[space.worker_])
                                : std::string(ns);
    const auto found = in_.sources.stored ? in_.sources.stored->namespaces.find(own)
                                          : decltype(in_.sources.stored->namespaces.end()){};
    if (in_.sources.stored && found != in_.sources.stored->namespaces.end()) {
      for (const auto& [key, value] : *found->second) {
        if (!value.deleted) out.insert(key);
      }
    }
  }
  if (space.kind_ == Kind::kNone || (space.kind_ == Kind::kStored && out.empty())) return std::nullopt;
  return std::vector<std::string>(out.begin(), out.end());
}

std::vector<std::string> Variables::namespaces() const {
  std::set<std::string> out;
  for (const auto& [ns, map] : maps_) {
    if (!map.empty()) out.insert(ns);
  }
  if (!labels_.empty()) out.insert("maand/worker");
  for (const std::string& address : addresses_) out.insert(std::string(kWorkerSpace) + address);
  for (const auto& [name, job] : in_.jobs) {
    out.insert(std::string(kJobSpace) + name.str());
    for (const std::uint32_t worker : *job.workers) {
      out.insert(std::string(kJobSpace) + name.str() + "/worker/" + addresses_[worker]);
    }
  }
  if (in_.sources.stored) {
    for (const auto& [ns, values] : in_.sources.stored->namespaces) {
      const bool any =
          std::any_of(values->begin(), values->end(), [](const auto& one) { return !one.second.deleted; });
      if (any) out.insert(ns);
    }
  }
  return {out.begin(), out.end()};
}

}  // namespace maand
