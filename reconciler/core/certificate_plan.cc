#include "reconciler/core/certificate_plan.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "reconciler/core/certificate_files.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

seconds lifetime_of(const CertificateFacts& leaf) {
  return std::max(seconds(0), duration_cast<seconds>(leaf.not_after - leaf.not_before));
}

std::string date(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day parts(day);
  const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::to_string(static_cast<int>(parts.year())) + "-" + two(static_cast<unsigned>(parts.month())) +
         "-" + two(static_cast<unsigned>(parts.day()));
}

// The alternative names of one allocation's certificate.
struct Names {
  std::set<std::string> addresses = {"127.0.0.1"};
  std::set<std::string> names = {"localhost"};

  void add(const std::string& text) {
    if (const auto address = address_of(text)) {
      addresses.insert(*address);
    } else if (is_host(text)) {
      names.insert(lower(text));
    }
  }
  void add(const Worker& worker) {
    add(worker.host.str());
    add(worker.address);
    add(worker.hostname);
  }
};

std::optional<std::string> first_missing(const std::set<std::string>& wanted,
                                         const std::vector<std::string>& there) {
  for (const std::string& one : wanted) {
    if (!std::binary_search(there.begin(), there.end(), one)) return one;
  }
  return std::nullopt;
}

const std::string& address_of_worker(const Worker& worker) {
  return worker.address.empty() ? worker.host.str() : worker.address;
}

class Planner {
 public:
  Planner(const CertificateInputs& inputs, KnownCertificates& known)
      : in_(inputs), known_(known), authority_id_(sha256(inputs.sources.ca_pem)) {}

  CertificatePlan plan() {
    out_.authority = certificate_facts(in_.sources.ca_pem);
    for (const auto& [name, job] : in_.desired.jobs) {
      if (!job.job || job.job->certs.empty()) continue;
      out_.wanted = out_.wanted || !job.workers.empty();
      for (const CertificateSpec& spec : job.job->certs) {
        if (spec.shared) {
          plan_one(job, spec, job.workers);
        } else {
          for (const std::uint32_t worker : job.workers) plan_one(job, spec, {worker});
        }
      }
    }
    std::erase_if(known_, [this](const auto& one) { return seen_.count(one.first) == 0; });
    std::sort(out_.standing.begin(), out_.standing.end(), [](const auto& a, const auto& b) {
      return std::tie(a.job, a.worker, a.name) < std::tie(b.job, b.worker, b.name);
    });
    warn_of_authority();
    purge();
    return std::move(out_);
  }

 private:
  // What one certificate is for: an allocation, or all of a job.
  void plan_one(const DesiredJob& job, const CertificateSpec& spec,
                const std::vector<std::uint32_t>& workers) {
    if (workers.empty()) return;
    CertificateOrder order;
    order.job = job.name;
    order.spec = spec;
    Names names;
    const KnownCertificate* pair = nullptr;
    for (const std::uint32_t index : workers) {
      const Worker& worker = in_.desired.workers[index];
      names.add(worker);
      order.workers.push_back(worker.host);
      order.namespaces.push_back(allocation_namespace(job.name, address_of_worker(worker)));
      const KnownCertificate* own = look(order.namespaces.back(), spec.name);
      if (!own || !own->facts) continue;
      if (!pair || own->facts->not_after > pair->facts->not_after) pair = own;
    }
    order.addresses.assign(names.addresses.begin(), names.addresses.end());
    order.names.assign(names.names.begin(), names.names.end());
    std::string whose = job.name.str() + "|" + spec.name;
    if (!spec.shared) whose += "|" + order.workers.front().str();
    bool ordered = true;
    if (!pair) {
      order.detail = "it is not there, or does not fit its key";
    } else if (const auto wrong = difference(*pair, spec, names)) {
      order.why = CertificateOrder::Why::kChanged;
      order.detail = *wrong;
    } else if (is_due(*pair->facts, whose)) {
      order.why = CertificateOrder::Why::kDue;
      order.detail = "it ends on " + date(pair->facts->not_after);
    } else {
      ordered = false;
    }
    for (std::size_t i = 0; i < workers.size(); ++i) stand(job, spec, order.workers[i], order.namespaces[i]);
    if (ordered) {
      out_.orders.push_back(std::move(order));
      return;
    }
    const WallTime due = renewal_due(*pair->facts, in_.rules, whose);
    if (due > in_.now) out_.next_due = std::min(due, out_.next_due.value_or(due));
    copy(*pair, spec, order.namespaces);
  }

  // Null: it is not there.
  const KnownCertificate* look(const std::string& ns, const std::string& name) {
    const StoredPair stored = stored_pair(in_.sources.stored, ns, name);
    if (!stored.complete()) return nullptr;
    seen_.insert({ns, name});
    KnownCertificate& known = known_[{ns, name}];
    if (known.certificate == *stored.certificate && known.key == *stored.key &&
        known.authority == authority_id_)
      return &known;
    known = {*stored.certificate, *stored.key, authority_id_, std::nullopt, false, false};
    RevealedSecret opened = open(*stored.key);
    if (opened.state != RevealedSecret::State::kOpened) return &known;
    known.pkcs8 = is_pkcs8(opened.text);
    if (key_fits(stored.certificate->value, opened.text))
      known.facts = certificate_facts(stored.certificate->value);
    known.of_authority = known.facts && signed_by(stored.certificate->value, in_.sources.ca_pem);
    return &known;
  }

  RevealedSecret open(const StoredValue& value) const {
    if (!value.secret) return {RevealedSecret::State::kOpened, value.value, ""};
    if (!in_.sources.reveal) return {};
    return in_.sources.reveal(value);
  }

  std::optional<std::string> difference(const KnownCertificate& pair, const CertificateSpec& spec,
                                        const Names& names) const {
    const CertificateFacts& facts = *pair.facts;
    if (!pair.of_authority) return "the bucket's CA did not sign it";
    if (facts.common_name != spec.common_name) return "its common name is another one";
    if (pair.pkcs8 != spec.pkcs8) return "its key is written in another form";
    if (!facts.original && facts.key != spec.key) return "its key is of another kind";
    if (const auto address = first_missing(names.addresses, facts.addresses))
      return "it is not for " + *address;
    if (facts.original) return std::nullopt;
    if (const auto name = first_missing(names.names, facts.names)) return "it is not for " + *name;
    return std::nullopt;
  }

  // Where the CA ends first, another one would gain nothing.
  bool is_due(const CertificateFacts& facts, const std::string& whose) const {
    if (in_.now < renewal_due(facts, in_.rules, whose)) return false;
    return !out_.authority || in_.now + in_.rules.lifetime <= out_.authority->not_after ||
           out_.authority->not_after > facts.not_after;
  }

  // A worker that gets a shared pair which names it already.
  void copy(const KnownCertificate& pair, const CertificateSpec& spec,
            const std::vector<std::string>& namespaces) {
    for (const std::string& ns : namespaces) {
      const StoredPair own = stored_pair(in_.sources.stored, ns, spec.name);
      if (own.complete() && own.certificate->value == pair.certificate.value) continue;
      RevealedSecret opened = open(pair.key);
      if (opened.state != RevealedSecret::State::kOpened) return;
      for (ValueChange& change : keep_pair(ns, spec.name, pair.certificate.value, opened.text))
        out_.changes.push_back(std::move(change));
    }
  }

  // What of it lies on the worker, which may be an older one.
  void stand(const DesiredJob& job, const CertificateSpec& spec, const WorkerHost& worker,
             const std::string& ns) {
    const AppliedAllocation* applied = in_.applied.find({job.name, worker});
    if (!applied || !applied->files) return;
    const std::string path = certificate_path(spec.name);
    const auto& files = applied->files->files;
    const auto file =
        std::lower_bound(files.begin(), files.end(), path,
                         [](const ShippedFile& one, const std::string& at) { return one.path < at; });
    if (file == files.end() || file->path != path) return;
    const auto lies_there = [&](const StoredValue& value) {
      // The original ships them without a line feed at the end.
      return sha256(pem_file(value.value)) == file->content || sha256(trim(value.value)) == file->content;
    };
    std::optional<CertificateFacts> facts;
    const KnownCertificate* own = look(ns, spec.name);
    if (own && lies_there(own->certificate)) {
      facts = own->facts;
    } else if (in_.history) {
      for (const StoredValue& earlier : in_.history(ns, path)) {
        if (earlier.deleted || !lies_there(earlier)) continue;
        facts = certificate_facts(earlier.value);
        break;
      }
    }
    if (!facts) return;
    StandingCertificate one{
        job.name, worker, spec.name, facts->common_name, facts->not_after, renewal_buffer(*facts, in_.rules),
        false};
    one.late = facts->not_after - in_.now <= one.buffer / 2;
    if (one.late) {
      std::string why = in_.problem;
      if (why.empty() && job.held) why = job.held_detail.empty() ? explain(job.held_reason) : job.held_detail;
      if (why.empty() && out_.authority && out_.authority->not_after <= facts->not_after)
        why = "the bucket's CA ends then as well";
      if (why.empty()) why = "the one that replaces it was not rolled out there yet";
      const bool over = facts->not_after <= in_.now;
      out_.warnings.push_back("certificate " + spec.name + " of " + job.name.str() + "@" + worker.str() +
                              (over ? " has ended on " : " ends on ") + date(facts->not_after) + ": " + why);
    }
    out_.standing.push_back(std::move(one));
  }

  void warn_of_authority() {
    if (!out_.wanted && out_.standing.empty()) return;
    if (!in_.problem.empty()) {
      out_.warnings.insert(out_.warnings.begin(), in_.problem);
    } else if (out_.authority && in_.now >= authority_due(*out_.authority, in_.rules)) {
      out_.warnings.insert(out_.warnings.begin(),
                           "the bucket's CA ends on " + date(out_.authority->not_after) +
                               ", and nothing it signs is good for longer: put another secrets/ca.crt and "
                               "secrets/ca.key in its place (docs/certificates.md)");
    }
  }

  // 12.3: of certificates that nobody asks for, where nothing lies on the worker any more.
  void purge() {
    if (!in_.sources.stored) return;
    std::set<std::string> kept;  // namespaces of allocations that are there or may be
    std::map<std::string, const Job*> wanted;
    std::map<WorkerHost, std::string> addresses;
    for (const Worker& worker : in_.desired.workers) addresses[worker.host] = address_of_worker(worker);
    for (const auto& [key, allocation] : in_.applied.allocations) {
      const auto at = addresses.find(key.worker);
      kept.insert(allocation_namespace(key.job, at == addresses.end() ? key.worker.str() : at->second));
    }
    std::set<std::string> unknown;  // jobs whose content is not known, or not that of the head
    for (const auto& [name, job] : in_.desired.jobs) {
      if (!job.job || job.held) unknown.insert("maand/job/" + name.str() + "/worker/");
      for (const std::uint32_t worker : job.workers)
        wanted[allocation_namespace(name, address_of_worker(in_.desired.workers[worker]))] = job.job.get();
    }
    for (const auto& [ns, values] : in_.sources.stored->namespaces) {
      const std::size_t at = ns.find("/worker/");
      if (!ns.starts_with("maand/job/") || at == std::string::npos) continue;
      if (unknown.count(ns.substr(0, at + std::string_view("/worker/").size())) > 0) continue;
      const auto of = wanted.find(ns);
      if (of == wanted.end() && kept.count(ns) > 0) continue;
      for (const auto& [key, value] : *values) {
        if (value.deleted || !key.starts_with("certs/")) continue;
        const bool asked_for =
            of != wanted.end() && of->second &&
            std::any_of(of->second->certs.begin(), of->second->certs.end(), [&key = key](const auto& spec) {
              return key == certificate_path(spec.name) || key == private_key_path(spec.name);
            });
        if (!asked_for) out_.changes.push_back({ValueChange::Kind::kDelete, ns, key, ""});
      }
    }
  }

  const CertificateInputs& in_;
  KnownCertificates& known_;
  const Digest authority_id_;
  std::set<std::pair<std::string, std::string>> seen_;
  CertificatePlan out_;
};

}  // namespace

seconds renewal_buffer(const CertificateFacts& leaf, const CertificateRules& rules) {
  const seconds lifetime = lifetime_of(leaf);
  return std::clamp(seconds(rules.buffer), lifetime / 3, lifetime * 2 / 3);
}

WallTime renewal_due(const CertificateFacts& leaf, const CertificateRules& rules, std::string_view whose) {
  constexpr int kParts = 1 << 16;
  const Digest digest = sha256(whose);
  const int part = digest.bytes[0] << 8 | digest.bytes[1];
  return leaf.not_after - renewal_buffer(leaf, rules) - lifetime_of(leaf) / 10 * part / kParts;
}

WallTime authority_due(const CertificateFacts& authority, const CertificateRules& rules) {
  const seconds lifetime = rules.lifetime;
  return authority.not_after - lifetime - std::max(seconds(rules.buffer), lifetime / 3);
}

CertificatePlan plan_certificates(const CertificateInputs& inputs, KnownCertificates& known) {
  return Planner(inputs, known).plan();
}

bool had_certificates(const AppliedState& applied, const ValueSnapshotPtr& stored) {
  for (const auto& [key, allocation] : applied.allocations) {
    if (!allocation.files) continue;
    const auto& files = allocation.files->files;
    // Also whoever has none gets the CA (8.1).
    const auto issued = [](const ShippedFile& file) {
      return file.blob.empty() && file.path.starts_with("certs/") && file.path.ends_with(".crt") &&
             file.path != kAuthorityPath;
    };
    if (std::any_of(files.begin(), files.end(), issued)) return true;
  }
  if (!stored) return false;
  for (const auto& [ns, values] : stored->namespaces) {
    if (!ns.starts_with("maand/job/") || ns.find("/worker/") == std::string::npos) continue;
    for (const auto& [key, value] : *values) {
      if (!value.deleted && key.starts_with("certs/") && key.ends_with(".crt")) return true;
    }
  }
  return false;
}

}  // namespace maand
