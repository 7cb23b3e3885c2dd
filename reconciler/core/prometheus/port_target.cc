#include "reconciler/core/prometheus/port_target.h"

#include <algorithm>

#include "reconciler/core/text.h"

namespace maand {
namespace {

bool is_declared(const std::vector<PortBinding>& declared, std::string_view name) {
  return std::any_of(declared.begin(), declared.end(),
                     [&](const PortBinding& port) { return port.name == name; });
}

bool has_http_part(std::string_view name) {
  return ("_" + std::string(name) + "_").find("_http_") != std::string::npos;
}

}  // namespace

std::optional<PortTarget> parse_port_target(std::string_view target) {
  if (!target.starts_with(kPortPrefix)) return std::nullopt;
  target.remove_prefix(kPortPrefix.size());
  const std::size_t slash = target.find('/');
  PortTarget out{std::string(target.substr(0, slash)), {}};
  if (slash != std::string_view::npos) out.worker = target.substr(slash + 1);
  const bool named = slash != std::string_view::npos;
  if (out.key.empty() || (named && (out.worker.empty() || out.worker.find('/') != std::string::npos)))
    return std::nullopt;
  return out;
}

std::optional<std::string> resolve_port(const PortTarget& target, const JobName& job,
                                        const std::vector<PortBinding>& declared, std::string& problem) {
  if (target.key != "_implicit") {
    if (is_declared(declared, target.key)) return target.key;
    problem = "the job declares no port " + quote(target.key);
    return std::nullopt;
  }
  for (const std::string& name : {job.str() + "_metrics_port", std::string("metrics_port")}) {
    if (is_declared(declared, name)) return name;
  }
  std::vector<std::string> names;
  for (const PortBinding& port : declared) {
    if (port.name.ends_with("_metrics_port")) names.push_back(port.name);
  }
  if (names.size() == 1) return names.front();
  problem = names.empty() ? "_implicit stands for a port that ends in metrics_port, and the job declares none"
                          : "_implicit could be " + join_words(names);
  return std::nullopt;
}

std::optional<std::string> server_port_name(const std::vector<PortBinding>& declared) {
  if (is_declared(declared, "prometheus_port_http")) return "prometheus_port_http";
  std::vector<std::string> names;
  for (const PortBinding& port : declared) {
    if (has_http_part(port.name)) names.push_back(port.name);
  }
  if (names.size() == 1) return names.front();
  if (names.empty() && declared.size() == 1) return declared.front().name;
  return std::nullopt;
}

}  // namespace maand
