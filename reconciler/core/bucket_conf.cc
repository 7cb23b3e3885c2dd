#include "reconciler/core/bucket_conf.h"

#include <toml++/toml.h>
#include <charconv>
#include <optional>

#include "reconciler/core/text.h"
#include "reconciler/core/toml_limits.h"

namespace maand {
namespace {

std::optional<toml::table> parse_toml(std::string_view text, const Site& site) {
  if (!is_shallow_toml(text, site)) return std::nullopt;
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    site.error("line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " +
                   printable(error.description()),
               "correct the TOML");
  } catch (const std::exception& error) {
    site.error(printable(error.what()), "correct the TOML");
  }
  return std::nullopt;
}

std::map<std::string, std::string> read_map(const toml::table& table, const Site& site) {
  std::map<std::string, std::string> out;
  for (const auto& [key, node] : table) {
    if (const auto* value = node.as_string()) {
      out.emplace(std::string(key.str()), value->get());
    } else {
      site.member(key.str()).error("must be text",
                                   "put the value in quotes; tables and lists are not allowed here");
    }
  }
  return out;
}

// Blank or absent: `otherwise`. nullopt: an error has been told.
std::optional<int> read_port(const BucketConf& conf, const std::string& name, int otherwise,
                             const Site& site) {
  const auto found = conf.values.find(name);
  const std::string_view text = found == conf.values.end() ? std::string_view() : trim(found->second);
  if (text.empty()) return otherwise;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= 1 && value <= 65535) return value;
  site.member(name).error(quote(text) + " is no port", "write a number from 1 to 65535 in quotes");
  return std::nullopt;
}

}  // namespace

BucketConf parse_bucket_conf(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  const Site site(diagnostics, path);
  BucketConf conf;
  const std::optional<toml::table> table = parse_toml(text, site);
  if (!table) return conf;
  conf.values = read_map(*table, site);
  const std::optional<int> min = read_port(conf, "port_min", conf.port_min, site);
  const std::optional<int> max = read_port(conf, "port_max", conf.port_max, site);
  if (!min || !max) return conf;
  if (*min > *max) {
    site.member("port_min")
        .error(std::to_string(*min) + " is above port_max (" + std::to_string(*max) + ")",
               "make the range hold at least one port");
    return conf;
  }
  conf.port_min = *min;
  conf.port_max = *max;
  return conf;
}

std::map<std::string, std::string> parse_text_map(std::string_view text, const std::string& path,
                                                  Diagnostics& diagnostics) {
  const Site site(diagnostics, path);
  const std::optional<toml::table> table = parse_toml(text, site);
  return table ? read_map(*table, site) : std::map<std::string, std::string>{};
}

std::string bucket_jobs_file(std::string_view selector) {
  const std::string_view name = trim(selector);
  return name.empty() ? "bucket.jobs.conf" : "bucket.jobs." + std::string(name) + ".conf";
}

BucketJobsConf parse_bucket_jobs_conf(std::string_view text, const std::string& file,
                                      Diagnostics& diagnostics) {
  const Site site(diagnostics, file);
  BucketJobsConf conf;
  conf.file = file;
  const std::optional<toml::table> table = parse_toml(text, site);
  if (!table) return conf;
  for (const auto& [key, node] : *table) {
    if (const auto* job = node.as_table()) {
      conf.jobs.emplace(JobName(key.str()), read_map(*job, site.member(key.str())));
    } else {
      site.member(key.str()).error("must be a table named like a job",
                                   "write [" + printable(key.str()) + "] above its settings");
    }
  }
  return conf;
}

}  // namespace maand
