// The variables that templates (and later hooks) read: namespace → key → text
// (workspace.md 6.1). All but `vars/job/*` and `secrets/job/*` follow from the
// commit, the placement and the table of ports, so they are worked out here and
// stored nowhere.
//
//   maand/bucket                  bucket_id, jobs, activejobs, one key per port
//   vars/bucket                   bucket.conf
//   maand/worker                  certs/ca.crt, and four kinds of keys per label
//   maand/worker/<ip>[/tags]      one worker
//   maand/job/<job>               one job, over its active allocations
//   maand/job/<job>/worker/<ip>   one allocation
//   vars/bucket/job/<job>         its section of bucket.jobs*.conf
//   vars/job/<job>                vars.toml, and what hooks stored
//   secrets/job/<job>             secrets.age.toml, and what hooks and operators stored, sealed
//   maand/prometheus              the catalogue of scrape files
//
// `<ip>` is the address of a worker (what templates see as `.WorkerIP`); its host
// is understood as well, where the two differ (R3.6). `maand` is another name of
// `maand/bucket` that published workspaces use.
//
// Values that are long or many (lists of peers) are made when they are read, so
// that building this costs O(workers × labels + placements). Refers to what it was
// made from, which must outlive it; usable from one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/bucket_conf.h"
#include "reconciler/core/model.h"
#include "reconciler/core/values.h"

namespace maand {

// Opens a sealed secret; a preview answers `<secret>` for every one.
using RevealSecret = std::function<RevealedSecret(const StoredValue&)>;

// Opens a secret of a job's secrets.age.toml; a preview answers as above. Asked again and again for the same
// one.
using OpenSealed =
    std::function<RevealedSecret(const JobName& job, const std::string& key, const std::string& sealed)>;

// What is known besides the commit.
struct VariableSources {
  BucketId bucket;
  ValueSnapshotPtr stored;  // null = nothing is stored
  RevealSecret reveal;      // empty = no secret can be read
  std::string ca_pem;       // of the bucket's CA; empty = there is none
  OpenSealed open;          // empty = no secret of git can be read
  // What a job waits for that has a certificate which is not there. Unset: words stand for it,
  // so that what would come can be shown; nothing of that may be deployed.
  std::optional<std::string> certificates_awaited = {};
  // Something is wrong with the CA: a certificate that it did not sign is awaited as well, so that
  // nobody gets a CA that does not fit what the others show.
  bool authority_unsure = false;
};

// A job with its content and where it is placed.
struct PlacedJob {
  const Job* job = nullptr;
  const std::vector<std::uint32_t>* workers = nullptr;  // indices, ascending: disabled ones as well
};

class Variables {
 public:
  struct Inputs {
    const std::vector<Worker>& workers;
    const Disabled& disabled;
    const std::map<JobName, PlacedJob>& jobs;
    const PortTable& ports;
    const std::map<std::string, std::string>& bucket_conf;
    const std::map<JobName, std::map<std::string, std::string>>& job_settings;  // bucket.jobs*.conf
    const VariableSources& sources;
    const std::map<std::string, std::string>& prometheus;  // `maand/prometheus`
    // `job_name` of jobs whose first scrape item names another (workspace.md 13.2).
    const std::map<JobName, std::string>& scrape_names;
  };
  explicit Variables(const Inputs& inputs);

  struct Value {
    std::optional<std::string_view> text;  // white space around it trimmed, secrets excepted
    std::string problem;                   // set: it is there and cannot be read
  };
  // What a namespace's name means, for many reads of it.
  class Space {
    friend class Variables;
    using Map = std::map<std::string, std::string, std::less<>>;
    enum class Kind { kMap, kLabels, kWorker, kAllocation, kStored, kNone };
    Space(Kind kind, const Map* map, std::uint32_t worker = 0, const PlacedJob* job = nullptr)
        : kind_(kind), map_(map), worker_(worker), job_(job) {}

    Kind kind_ = Kind::kNone;
    const Map* map_ = nullptr;  // kMap; also of kWorker and kStored, looked at first
    std::uint32_t worker_ = 0;
    const PlacedJob* job_ = nullptr;

   public:
    Space() = default;
  };
  // Valid as long as this object.
  Space space_of(std::string_view ns) const;

  // Points into this object or, for a value that was just made, into `made`.
  Value get(std::string_view ns, std::string_view key, std::string& made) const {
    return get(space_of(ns), ns, key, made);
  }
  // REQUIRES: `space` is space_of(ns).
  Value get(const Space& space, std::string_view ns, std::string_view key, std::string& made) const;

  // Sorted. nullopt: there is no such namespace.
  std::optional<std::vector<std::string>> keys(std::string_view ns) const;

  // Every namespace that holds a key, sorted; what `maand cat kv` lists.
  std::vector<std::string> namespaces() const;

  const std::string& address(std::uint32_t worker) const { return addresses_[worker]; }
  // By address or host. nullopt: no such worker.
  std::optional<std::uint32_t> worker_named(std::string_view name) const;
  // Where the job is placed and not disabled, in order. REQUIRES: the job is one of the inputs.
  const std::vector<std::uint32_t>& active_workers(const JobName& job) const;

 private:
  using Map = std::map<std::string, std::string, std::less<>>;
  using Kind = Space::Kind;

  Space job_space(std::string_view rest) const;
  Space worker_space(std::string_view rest) const;
  const Map* job_map(const JobName& name, const PlacedJob& job) const;
  const Map* worker_map(std::uint32_t worker) const;
  std::optional<std::string_view> label_value(std::string_view key, std::string& made) const;
  std::optional<std::string_view> peers(std::uint32_t worker, std::string_view key, std::string& made) const;
  std::optional<std::string_view> allocation_value(const Space& space, std::string_view key,
                                                   std::string& made) const;
  Value stored(std::string_view ns, std::string_view key, std::string& made) const;
  Value certificate(const Space& space, std::string_view key, std::string& made) const;
  std::string addresses_of(const std::vector<std::uint32_t>& workers,
                           std::optional<std::uint32_t> without = std::nullopt) const;

  const Inputs in_;
  std::vector<std::string> addresses_;
  std::unordered_map<std::string_view, const std::pair<const JobName, PlacedJob>*> by_job_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;  // address, and host where that is free
  std::map<std::string_view, std::vector<std::uint32_t>> labels_;
  std::map<std::string, Map, std::less<>> maps_;  // namespaces that are small and always there
  mutable std::unordered_map<std::uint32_t, Map> worker_maps_;
  mutable std::map<JobName, Map> job_maps_;
  mutable std::map<JobName, std::vector<std::uint32_t>> active_;
};

}  // namespace maand
