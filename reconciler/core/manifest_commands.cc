// `commands`: hooks and what they demand of other jobs (workspace.md 2.5, 5.1).
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "reconciler/core/hook.h"
#include "reconciler/core/json_slices.h"
#include "reconciler/core/manifest.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"
#include "reconciler/core/version.h"

namespace maand {
namespace {

constexpr const char* kEventGrammar =
    "write post_build, pre_deploy, post_deploy, job_control, health_check, after_allocation_started, "
    "after_allocation_stopped or cli";
constexpr const char* kPrograms[] = {".py", ".ts", ".js"};

// Keys sorted, the last of duplicates, no white space; numbers as they were written.
std::string compact(const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return value.boolean ? "true" : "false";
    case JsonValue::Kind::kInteger:
      return std::to_string(value.integer);
    case JsonValue::Kind::kFraction:
      return value.text;
    case JsonValue::Kind::kString:
      return json_quote(value.text);
    case JsonValue::Kind::kArray:
      break;
    case JsonValue::Kind::kObject: {
      std::string out;
      for (const JsonMember* member : map_members(value)) {
        out += (out.empty() ? "" : ",") + json_quote(member->key) + ":" + compact(member->value);
      }
      return "{" + out + "}";
    }
  }
  std::string out;
  for (const JsonValue& item : value.items) out += (out.empty() ? "" : ",") + compact(item);
  return "[" + out + "]";
}

// Any number without a fraction, as Go's decoder sees it: `2`, `2.0`, `2e0`.
std::optional<std::int64_t> whole_number(const JsonValue& value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond, numbers are not told apart
  if (value.kind == JsonValue::Kind::kInteger) return value.integer;
  if (value.kind != JsonValue::Kind::kFraction) return std::nullopt;
  double number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc{} || stop != end || std::fabs(number) > kExact || number != std::floor(number)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

// Text, or a whole number N for `N.0.0`; empty when absent or after an error.
std::string parse_bound(const JsonFields& config, std::string_view name) {
  const JsonValue* value = config.get(name);
  if (!value) return {};
  if (value->kind == JsonValue::Kind::kString) {
    const std::string text(trim(value->text));
    if (parse_version(text)) return text;
    config.at(name).error(quote(text) + " is no version", kVersionGrammar);
    return {};
  }
  const std::optional<std::int64_t> number = whole_number(*value);
  if (number && *number >= 0) return std::to_string(*number) + ".0.0";
  config.at(name).error("must be a version, as text or as a whole number", kVersionGrammar);
  return {};
}

// `config` belongs to the hook; only the two bounds have a meaning for us.
void parse_config(const JsonFields& fields, CommandDemand& demand) {
  const JsonValue* config = fields.object("config");
  if (!config) return;
  demand.config = compact(*config);
  const Site site = fields.at("config");
  JsonValue bounds;
  bounds.kind = JsonValue::Kind::kObject;
  for (const JsonMember* member : map_members(*config)) {
    if (member->key == "min_version" || member->key == "max_version") bounds.members.push_back(*member);
  }
  const JsonFields known(bounds, site, {"min_version", "max_version"});
  demand.min_version = parse_bound(known, "min_version");
  demand.max_version = parse_bound(known, "max_version");
  const auto min = parse_version(demand.min_version);
  const auto max = parse_version(demand.max_version);
  if (min && max && *min > *max) {
    site.error("asks for a version of " + printable(demand.job.str()) + " from " + demand.min_version +
                   " to " + demand.max_version + ", and min_version is above max_version",
               "raise max_version, or lower min_version");
  }
}

std::optional<CommandDemand> parse_demand(const JobName& self, const JsonValue& object, const Site& site) {
  const JsonFields fields(object, site, {"job", "command", "config"});
  std::string job;
  std::string command;
  fields.read("job", job);
  fields.read("command", command);
  if (trim(job).empty() && trim(command).empty()) return std::nullopt;
  CommandDemand demand{JobName(job), command, {}, {}, "{}"};
  if (trim(job).empty() || trim(command).empty()) {
    const char* missing = trim(job).empty() ? "job" : "command";
    site.error(std::string("names no ") + missing, "name the job and its command, or neither");
  } else if (JobName(job) == self) {
    fields.at("job").error(quote(job) + " is the job itself", "demand a command of another job");
  } else if (!is_job_name(job)) {
    fields.at("job").error(quote(job) + " is no name for a job", kJobNameGrammar);
  } else if (!is_command_name(command)) {
    fields.at("command").error(quote(command) + " is no name for a command", kCommandNameGrammar);
  }
  parse_config(fields, demand);
  return demand;
}

void parse_events(const JsonFields& fields, JobCommand& command) {
  const Site site = fields.at("executed_on");
  std::vector<std::string> given;
  if (fields.get("executed_on") && !fields.read("executed_on", given)) return;
  if (given.empty()) site.error("names no event, so the command would never run", kEventGrammar);
  std::set<std::string> events;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!hook_event_from(given[i])) site.item(i).error(quote(given[i]) + " is no event", kEventGrammar);
    events.insert(std::move(given[i]));
  }
  command.events.assign(events.begin(), events.end());
}

}  // namespace

std::vector<JobCommand> parse_commands(const JobName& job, const JsonValue& object, const Site& site) {
  std::vector<JobCommand> out;
  for (const JsonMember* member : map_members(object)) {
    const Site place = site.member(member->key);
    JobCommand command;
    command.name = member->key;
    if (!is_command_name(member->key)) {
      place.error(quote(member->key) + " is no name for a command", kCommandNameGrammar);
    }
    const JsonFields fields(member->value, place, {"executed_on", "demands"});
    parse_events(fields, command);
    if (const JsonValue* demands = fields.object("demands")) {
      command.demand = parse_demand(job, *demands, fields.at("demands"));
    }
    out.push_back(std::move(command));
  }
  return out;
}

void check_command_files(const std::vector<JobCommand>& commands, const std::vector<std::string>& paths,
                         const Site& site) {
  for (const JobCommand& command : commands) {
    if (!is_command_name(command.name)) continue;  // told already
    std::vector<std::string> found;
    for (const char* ending : kPrograms) {
      std::string path = "_modules/" + command.name + ending;
      if (std::binary_search(paths.begin(), paths.end(), path)) found.push_back(std::move(path));
    }
    if (found.size() == 1) continue;
    const Site place = site.member("commands").member(command.name);
    if (found.empty()) {
      place.error("has no program", "add _modules/" + command.name + ".py, .ts or .js");
    } else {
      place.error("has several programs: " + join_words(found), "keep one of them");
    }
  }
}

}  // namespace maand
