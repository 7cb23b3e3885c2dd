#include "reconciler/core/prometheus/scrape_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "reconciler/core/prometheus/port_target.h"
#include "reconciler/core/prometheus/yaml_scalar.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// Found by a Prometheus that asks somebody else, where maand knows the targets
// (workspace.md 13.2 names these and no others).
constexpr std::array<std::string_view, 23> kDiscovery = {
    "kubernetes", "dns",     "file",     "consul", "ecs",          "ec2",    "openstack",   "azure",
    "gce",        "hetzner", "ionos",    "linode", "digitalocean", "docker", "dockerswarm", "eureka",
    "http",       "kuma",    "marathon", "nerve",  "serverset",    "triton", "uyuni"};

std::string at_line(const YamlValue& value, const std::string& message) {
  return "line " + std::to_string(value.line) + ": " + message;
}

bool is_text(const YamlValue& value) {
  return value.kind == YamlValue::Kind::kScalar && !(value.plain && looks_like_another_type(value.text));
}

bool has_items(const YamlValue* value) {
  return value && value->kind == YamlValue::Kind::kList && !value->items.empty();
}

class Reader {
 public:
  Reader(ScrapeFile& file, const JobName& job, const std::vector<PortBinding>& declared)
      : file_(file), job_(job), declared_(declared) {}

  void read(const Site& site) {
    if (!has_items(&file_.items)) {
      site.error("must be a list of at least one scrape configuration", "begin with `- job_name: maand:job`");
      return;
    }
    check_tags(file_.items, site);
    for (std::size_t i = 0; i < file_.items.items.size(); ++i) read_item(file_.items.items[i], site.item(i));
  }

 private:
  static void check_tags(const YamlValue& value, const Site& site) {
    if (!value.tag.empty())
      site.error(at_line(value, "the tag " + quote(value.tag) + " is not understood"),
                 "write the value without it");
    for (const YamlValue& item : value.items) check_tags(item, site);
    for (const YamlMember& member : value.members) {
      check_tags(member.key, site);
      check_tags(member.value, site);
    }
  }

  void read_item(const YamlValue& item, const Site& site) {
    if (item.kind != YamlValue::Kind::kMap) {
      site.error(at_line(item, "must be a map, and is " + std::string(describe(item.kind))),
                 "begin with `- job_name: maand:job`");
      return;
    }
    read_job_name(item, site.member("job_name"));
    for (const YamlMember& member : item.members) {
      std::string_view key = member.key.text;
      if (!key.ends_with("_sd_configs")) continue;
      key.remove_suffix(std::string_view("_sd_configs").size());
      if (std::find(kDiscovery.begin(), kDiscovery.end(), key) != kDiscovery.end()) {
        site.member(member.key.text)
            .error(at_line(member.key, "service discovery is not available here"),
                   "write the targets into static_configs; `maand:port/<name>` finds those of this job");
      }
    }
    const Site configs_site = site.member("static_configs");
    const YamlValue* configs = item.find("static_configs");
    if (!has_items(configs)) {
      configs_site.error(at_line(configs ? *configs : item, "must be a list of at least one item"),
                         "write `- targets: [maand:port/<name>]` below it");
      return;
    }
    for (std::size_t i = 0; i < configs->items.size(); ++i)
      read_config(configs->items[i], configs_site.item(i));
  }

  void read_job_name(const YamlValue& item, const Site& site) {
    const YamlValue* name = item.find("job_name");
    if (!name || !is_text(*name) || trim(name->text).empty()) {
      site.error(at_line(name ? *name : item, "must be text that is not blank"),
                 "write `job_name: maand:job`, or a name of its own (a number in quotes)");
      return;
    }
    file_.job_names.push_back(name->text == kJobPlaceholder ? job_.str() : name->text);
  }

  void read_config(const YamlValue& config, const Site& site) {
    const YamlValue* targets = config.find("targets");
    if (!has_items(targets)) {
      site.member("targets").error(
          at_line(targets ? *targets : config, "must be a list of at least one target"),
          "write `targets: [maand:port/<name>]`, or addresses as host:port");
      return;
    }
    for (std::size_t i = 0; i < targets->items.size(); ++i)
      read_target(targets->items[i], site.member("targets").item(i));
  }

  void read_target(const YamlValue& target, const Site& site) {
    if (target.kind != YamlValue::Kind::kScalar || trim(target.text).empty()) {
      site.error(at_line(target, "must be text"), "write host:port or maand:port/<name>");
      return;
    }
    if (!target.text.starts_with(kPortPrefix)) return;
    const std::optional<PortTarget> port = parse_port_target(target.text);
    if (!port) {
      site.error(at_line(target, quote(target.text) + " is no placeholder of a port"),
                 "write maand:port/<name> or maand:port/<name>/<host>");
      return;
    }
    std::string problem;
    const std::optional<std::string> name = resolve_port(*port, job_, declared_, problem);
    if (name) {
      file_.ports[port->key] = *name;
    } else {
      site.error(at_line(target, problem), "name one of resources.ports of manifest.json");
    }
  }

  ScrapeFile& file_;
  const JobName& job_;
  const std::vector<PortBinding>& declared_;
};

class Expander {
 public:
  Expander(const ScrapeFile& file, const JobName& job, const std::map<std::string, int>& numbers,
           const std::vector<ScrapeWorker>& active, const Site& site)
      : file_(file), job_(job), numbers_(numbers), active_(active), site_(site) {}

  std::optional<YamlValue> expand() {
    YamlValue out = file_.items;
    if (file_.uses_ports() && active_.empty()) out.items.clear();
    for (std::size_t i = 0; i < out.items.size(); ++i) expand_item(out.items[i], site_.item(i));
    if (failed_) return std::nullopt;
    return out;
  }

 private:
  void fill_in(YamlValue& value) const {
    if (value.kind != YamlValue::Kind::kScalar || value.text != kJobPlaceholder) return;
    value.text = job_.str();
    value.plain = false;
  }

  void expand_item(YamlValue& item, const Site& site) {
    for (YamlMember& member : item.members) {
      if (member.key.text == "job_name") fill_in(member.value);
      if (member.key.text != "static_configs") continue;
      for (std::size_t i = 0; i < member.value.items.size(); ++i)
        expand_config(member.value.items[i], site.member("static_configs").item(i));
    }
  }

  void expand_config(YamlValue& config, const Site& site) {
    for (YamlMember& member : config.members) {
      if (member.key.text == "labels") {
        for (YamlMember& label : member.value.members) fill_in(label.value);
      } else if (member.key.text == "targets") {
        std::vector<YamlValue> targets;
        for (std::size_t i = 0; i < member.value.items.size(); ++i)
          expand_target(std::move(member.value.items[i]), targets, site.member("targets").item(i));
        member.value.items = std::move(targets);
      }
    }
  }

  void expand_target(YamlValue target, std::vector<YamlValue>& out, const Site& site) {
    const std::optional<PortTarget> port = parse_port_target(target.text);
    if (!port) {
      out.push_back(std::move(target));
      return;
    }
    const auto name = file_.ports.find(port->key);
    const auto number = name == file_.ports.end() ? numbers_.end() : numbers_.find(name->second);
    if (number == numbers_.end()) {
      fail(site, "the port of " + quote(target.text) + " has no number",
           "declare it in resources.ports of manifest.json");
      return;
    }
    bool found = false;
    for (const ScrapeWorker& worker : active_) {
      if (!port->worker.empty() && port->worker != worker.worker.str() && port->worker != worker.address)
        continue;
      found = true;
      if (++expanded_ > kMaxYamlNodes) {
        if (expanded_ == kMaxYamlNodes + 1)
          fail(site, "stands for more than " + std::to_string(kMaxYamlNodes) + " targets",
               "use fewer placeholders");
        return;
      }
      target.text = host_and_port(worker.address, number->second);
      target.plain = false;
      out.push_back(target);
    }
    if (!found)
      fail(site, quote(target.text) + " names a worker on which the job does not run",
           "name one where it runs, or none");
  }

  void fail(const Site& site, const std::string& message, const std::string& advice) {
    failed_ = true;
    site.error(message, advice);
  }

  const ScrapeFile& file_;
  const JobName& job_;
  const std::map<std::string, int>& numbers_;
  const std::vector<ScrapeWorker>& active_;
  const Site& site_;
  std::size_t expanded_ = 0;
  bool failed_ = false;
};

}  // namespace

ScrapeFile parse_scrape(std::string_view text, const JobName& job, const std::vector<PortBinding>& declared,
                        const Site& site) {
  ScrapeFile file;
  if (std::optional<YamlValue> root = parse_yaml(text, site)) {
    file.items = std::move(*root);
    Reader(file, job, declared).read(site);
  }
  return file;
}

std::optional<YamlValue> expand_scrape(const ScrapeFile& file, const JobName& job,
                                       const std::map<std::string, int>& numbers,
                                       const std::vector<ScrapeWorker>& active, const Site& site) {
  return Expander(file, job, numbers, active, site).expand();
}

std::string host_and_port(std::string_view host, int port) {
  const bool bracketed = host.find(':') != std::string_view::npos;
  return (bracketed ? "[" : "") + std::string(host) + (bracketed ? "]:" : ":") + std::to_string(port);
}

}  // namespace maand
