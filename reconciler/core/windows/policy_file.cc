// policy.toml → Windows.
#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <optional>

#include "reconciler/core/duration.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"
#include "reconciler/core/toml_limits.h"
#include "reconciler/core/windows/windows.h"

namespace maand {
namespace {

constexpr std::size_t kMostWindows = 100;
constexpr std::size_t kMostJobs = 500;  // of one window
constexpr std::size_t kMostNameBytes = 80;
constexpr std::chrono::minutes kLongest{31 * 24 * 60};
constexpr std::array<std::string_view, 6> kKeys = {"duration", "jobs",     "kind",
                                                   "name",     "schedule", "time_zone"};

std::optional<toml::table> parse(std::string_view text, const Site& site) {
  if (!is_shallow_toml(text, site)) return std::nullopt;
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    site.error("line " + std::to_string(error.source().begin.line) + ": " + printable(error.description()),
               "correct the TOML");
  } catch (const std::exception& error) {
    site.error(printable(error.what()), "correct the TOML");
  }
  return std::nullopt;
}

class WindowReader {
 public:
  WindowReader(const toml::table& table, const Site& site, const ZoneSource* zones)
      : table_(table), site_(site), zones_(zones) {}

  Window read(std::size_t number) {
    for (const auto& [key, node] : table_) {
      if (std::find(kKeys.begin(), kKeys.end(), key.str()) != kKeys.end()) continue;
      site_.member(key.str()).error("there is no such key",
                                    "known are duration, jobs, kind, name, schedule and time_zone");
    }
    Window window;
    window.name = text("name", "window " + std::to_string(number + 1));
    if (window.name.empty() || window.name.size() > kMostNameBytes || printable(window.name) != window.name ||
        window.name.find('`') != std::string::npos) {
      site_.member("name").error("is empty, too long or not printable",
                                 "write at most 80 bytes of one line of text");
      window.name = "window " + std::to_string(number + 1);
    }
    read_kind(window);
    read_schedule(window);
    read_zone(window);
    read_jobs(window);
    return window;
  }

 private:
  std::string text(std::string_view key, const std::string& otherwise) {
    const toml::node* node = table_.get(key);
    if (!node) return otherwise;
    if (const auto* value = node->as_string()) return value->get();
    site_.member(key).error("must be text", "put the value in quotes");
    return otherwise;
  }

  void read_kind(Window& window) {
    const std::string kind = text("kind", "");
    window.allow = kind == "allow";
    if (kind != "allow" && kind != "deny")
      site_.member("kind").error(kind.empty() ? "is missing" : quote(kind) + " is no kind of window",
                                 "write \"allow\" or \"deny\"");
  }

  void read_schedule(Window& window) {
    std::string wrong;
    const std::string schedule = text("schedule", "");
    if (const auto cron = parse_cron(schedule, wrong)) {
      window.starts = *cron;
    } else {
      site_.member("schedule")
          .error(schedule.empty() ? "is missing" : quote(schedule) + ": " + wrong, kCronGrammar);
    }
    const std::string span = text("duration", "");
    const auto duration = parse_duration(span);
    const auto minutes =
        std::chrono::duration_cast<std::chrono::minutes>(duration.value_or(std::chrono::milliseconds(0)));
    window.duration = minutes;
    if (!duration || minutes != *duration || minutes.count() < 1 || minutes > kLongest)
      site_.member("duration")
          .error(span.empty() ? "is missing" : quote(span) + " is no duration of a window",
                 "write whole minutes from \"1m\" to \"31d\", for example \"4h\"");
  }

  void read_zone(Window& window) {
    const std::string name = text("time_zone", "UTC");
    window.zone = std::make_shared<const TimeZone>();
    if (name == "UTC") return;
    const TimeZonePtr found = zones_ && is_zone_name(name) ? zones_->find(name) : nullptr;
    if (found) {
      window.zone = found;
    } else {
      site_.member("time_zone")
          .error(quote(name) + " is no time zone that this machine knows",
                 "write a name like \"Europe/Berlin\", and install the package tzdata where maand runs");
    }
  }

  void read_jobs(Window& window) {
    const toml::node* node = table_.get("jobs");
    if (!node) return;
    const Site site = site_.member("jobs");
    const toml::array* list = node->as_array();
    if (!list || list->empty() || list->size() > kMostJobs) {
      site.error("must be a list of 1 to 500 jobs", "leave it out to mean every job");
      return;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto* name = list->get(i)->as_string();
      if (name && is_job_name(name->get())) {
        window.jobs.emplace_back(name->get());
      } else {
        site.item(i).error("is no name of a job", kJobNameGrammar);
      }
    }
  }

  const toml::table& table_;
  const Site site_;
  const ZoneSource* zones_;
};

}  // namespace

Windows parse_policy(std::string_view text, const std::string& path, const ZoneSource* zones,
                     Diagnostics& diagnostics) {
  const Site site(diagnostics, path);
  Windows out;
  const std::optional<toml::table> table = parse(text, site);
  if (!table) return out;
  for (const auto& [key, node] : *table) {
    if (key.str() != "window")
      site.member(key.str()).error("there is no such key", "known here are tables [[window]]");
  }
  const toml::node* node = table->get("window");
  if (!node) return out;
  const toml::array* list = node->as_array();
  const bool tables =
      list && std::all_of(list->begin(), list->end(), [](const auto& one) { return one.is_table(); });
  if (!tables || list->size() > kMostWindows) {
    site.member("window").error("must be at most 100 tables", "write [[window]] above each");
    return out;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    out.push_back(WindowReader(*list->get(i)->as_table(), site.member("window").item(i), zones).read(i));
  }
  return out;
}

}  // namespace maand
