#include "reconciler/core/workers_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "reconciler/core/json_fields.h"
#include "reconciler/core/names.h"
#include "reconciler/core/quantity.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Kind = JsonValue::Kind;
using Parse = std::optional<double> (*)(std::string_view);

std::string read_host(const JsonFields& fields, std::string_view name, bool required) {
  std::string text;
  if (fields.get(name) && !fields.read(name, text)) return {};
  text = std::string(trim(text));
  if (text.empty()) {
    if (required) fields.at(name).error("is missing", kHostGrammar);
  } else if (!is_host(text)) {
    fields.at(name).error(quote(text) + " is no host", kHostGrammar);
  }
  return text;
}

double read_amount(const JsonFields& fields, std::string_view name, Parse parse, const char* grammar) {
  std::string text;
  if (!fields.read(name, text)) return 0;
  const std::optional<double> amount = parse(text);
  if (!amount) fields.at(name).error(quote(text) + " is no amount", grammar);
  if (amount && *amount < 0) fields.at(name).error(quote(text) + " is negative", grammar);
  return amount.value_or(0);
}

std::vector<std::string> read_labels(const JsonFields& fields) {
  std::vector<std::string> given;
  fields.read("labels", given);
  std::set<std::string> labels;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string label = lower(trim(given[i]));
    const Site site = fields.at("labels").item(i);
    if (label.empty()) {
      site.warning("is empty and is ignored", "remove it");
    } else if (!labels.insert(label).second && label != "worker") {
      site.warning(quote(label) + " is listed twice", "list it once");
    }
  }
  labels.insert("worker");
  return {labels.begin(), labels.end()};
}

std::map<std::string, std::string> read_tags(const JsonFields& fields) {
  std::map<std::string, std::string> tags;
  const JsonValue* object = fields.object("tags");
  if (!object) return tags;
  for (const JsonMember* member : map_members(*object)) {
    const Site site = fields.at("tags").member(member->key);
    if (member->value.kind != Kind::kString && !member->value.is_null()) {
      wrong_type(site, Kind::kString, member->value);
      continue;
    }
    const auto [tag, fresh] = tags.emplace(lower(trim(member->key)), lower(trim(member->value.text)));
    if (!fresh) site.warning("differs from another tag only in case and is ignored", "rename one of the two");
  }
  return tags;
}

std::vector<std::string> read_host_keys(const JsonFields& fields) {
  std::vector<std::string> lines;
  const JsonValue* value = fields.get("host_key");
  if (!value) return lines;
  if (value->kind == Kind::kString) {
    lines = {value->text};
  } else {
    fields.read("host_key", lines);
  }
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (auto key = normal_host_key(lines[i])) {
      keys.push_back(std::move(*key));
    } else {
      const Site site = value->kind == Kind::kString ? fields.at("host_key") : fields.at("host_key").item(i);
      site.error(quote(lines[i]) + " is no public host key",
                 "copy a line of the worker's /etc/ssh/ssh_host_*_key.pub, such as \"ssh-ed25519 AAAA…\"");
    }
  }
  return keys;
}

SshOverrides read_ssh(const JsonFields& worker) {
  SshOverrides out;
  const JsonValue* object = worker.object("ssh");
  if (!object) return out;
  const JsonFields fields(*object, worker.at("ssh"), {"port", "user", "key", "jump", "use_sudo"},
                          UnknownKeys::kRefuse);
  std::int64_t port = 0;
  if (fields.read("port", port)) {
    if (port < 1 || port > 65535) {
      fields.at("port").error(std::to_string(port) + " is no port", "write a number from 1 to 65535");
    } else {
      out.port = static_cast<int>(port);
    }
  }
  const auto text = [&](std::string_view name, auto good, const char* advice) -> std::optional<std::string> {
    std::string value;
    if (!fields.read(name, value)) return std::nullopt;
    if (!good(value)) fields.at(name).error(quote(value) + " is no `" + std::string(name) + "`", advice);
    return value;
  };
  out.user = text("user", is_user, "write a login name");
  out.key = text(
      "key", [](std::string_view key) { return !path_problem(key); },
      "name a file below secrets/, or write agent");
  out.jump = text("jump", is_jump, "write user@host:port");
  bool use_sudo = false;
  if (fields.read("use_sudo", use_sudo)) out.use_sudo = use_sudo;
  return out;
}

Worker read_worker(const JsonValue& object, std::size_t index, const Site& site) {
  Worker worker;
  if (object.kind != Kind::kObject) {
    wrong_type(site, Kind::kObject, object);
    return worker;
  }
  const JsonFields fields(object, site,
                          {"host", "address", "host_key", "was", "ssh", "labels", "tags", "hostname",
                           "position", "memory", "cpu"});
  worker.host = WorkerHost(read_host(fields, "host", true));
  worker.address = read_host(fields, "address", false);
  if (worker.address.empty()) worker.address = worker.host.str();
  worker.host_keys = read_host_keys(fields);
  worker.ssh = read_ssh(fields);
  worker.labels = read_labels(fields);
  worker.tags = read_tags(fields);
  fields.read("hostname", worker.hostname);
  worker.hostname = std::string(trim(worker.hostname));
  worker.position = static_cast<std::int64_t>(index);
  fields.read("position", worker.position);
  worker.memory_mb = read_amount(fields, "memory", parse_memory_mb, kMemoryGrammar);
  worker.cpu_mhz = read_amount(fields, "cpu", parse_cpu_mhz, kCpuGrammar);
  worker.was = WorkerHost(read_host(fields, "was", false));
  if (!worker.was.empty() && worker.was == worker.host)
    fields.at("was").error("is the host itself", "name the host it was before, or remove `was`");
  return worker;
}

// R3.6: what a host had goes to one worker, and only once that host is gone. Workers
// stand in the order of the file.
void check_was(const std::vector<Worker>& workers, const Site& site) {
  std::map<std::string, std::size_t> taken;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const std::string was = lower(workers[i].was.str());
    if (was.empty()) continue;
    const Site where = site.item(i).member("was");
    const auto [first, fresh] = taken.emplace(was, i);
    if (!fresh) {
      where.error(
          quote(workers[i].was.str()) + " is named by entry " + std::to_string(first->second) + " already",
          "let one worker take it over");
    }
    for (const Worker& other : workers) {
      if (lower(other.host.str()) != was || other.host == workers[i].host) continue;
      where.error(quote(workers[i].was.str()) + " is still listed", "remove its entry, or this `was`");
    }
  }
}

}  // namespace

std::vector<Worker> parse_workers(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  std::vector<Worker> workers;
  const std::optional<JsonValue> document = parse_json(text, path, diagnostics);
  if (!document) return workers;
  const Site site(diagnostics, path);
  if (document->kind != Kind::kArray && !document->is_null()) {
    wrong_type(site, Kind::kArray, *document);
    return workers;
  }
  if (document->items.empty()) {
    site.error("lists no worker, and nothing is stopped because of that",
               "list the workers; to stop a job, remove its directory or disable it");
    return workers;
  }
  std::map<std::string, std::size_t> seen;  // DNS names and IPv6 digits mean the same in any case
  for (std::size_t i = 0; i < document->items.size(); ++i) {
    workers.push_back(read_worker(document->items[i], i, site.item(i)));
    const WorkerHost& host = workers.back().host;
    if (host.empty()) continue;
    const auto [first, fresh] = seen.emplace(lower(host.str()), i);
    if (!fresh) {
      site.item(i).member("host").error(
          quote(host.str()) + " is listed already, as entry " + std::to_string(first->second),
          "list each worker once");
    }
  }
  check_was(workers, site);
  std::sort(workers.begin(), workers.end(), [](const Worker& a, const Worker& b) {
    return std::tie(a.position, a.host) < std::tie(b.position, b.host);
  });
  return workers;
}

}  // namespace maand
