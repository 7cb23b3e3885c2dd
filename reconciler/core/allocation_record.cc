#include "reconciler/core/allocation_record.h"

#include <nlohmann/json.hpp>

#include "reconciler/core/file_set_text.h"
#include "reconciler/core/record_words.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

std::string hex_of(const Digest& digest) { return digest.empty() ? "" : digest.hex(); }

Json rendered_json(const RenderedWith& with) {
  return {{"values", hex_of(with.values)}, {"version", with.current_version}, {"seq", with.update_seq}};
}

RenderedWith rendered_from(const Json& json) {
  return {Digest::from_hex(json.at("values").get<std::string>()), json.at("version").get<std::string>(),
          json.at("seq").get<std::int64_t>()};
}

std::int64_t ms_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

WallTime time_of(const Json& ms) { return WallTime(std::chrono::milliseconds(ms.get<std::int64_t>())); }

template <class Name>
Name name_of(const Json& json, const char* member) {
  return Name(json.at(member).get<std::string>());
}

Json operation_json(const Operation& op) {
  return {{"id", op.id.str()},
          {"seq", op.seq},
          {"epoch", op.epoch},
          {"action", to_string(op.action)},
          {"files", op.files ? Json(file_set_to_text(*op.files)) : Json()},
          {"rendered_with", rendered_json(op.rendered_with)},
          {"current_version", op.current_version},
          {"new_version", op.new_version},
          {"attempt", op.attempt},
          {"previous", to_string(op.previous)},
          {"timeout_s", op.timeout.count()},
          {"ports", op.ports}};
}

Operation operation_from(const Json& json) {
  Operation op;
  op.id = name_of<OperationId>(json, "id");
  op.seq = json.at("seq").get<std::uint64_t>();
  op.epoch = json.at("epoch").get<std::uint64_t>();
  op.action = action_from(json.at("action").get<std::string>());
  if (!json.at("files").is_null()) op.files = file_set_from_text(json.at("files").get<std::string>());
  if (!op.files) op.files = empty_file_set();
  op.rendered_with = rendered_from(json.at("rendered_with"));
  op.current_version = json.at("current_version").get<std::string>();
  op.new_version = json.at("new_version").get<std::string>();
  op.attempt = json.at("attempt").get<int>();
  op.previous = previous_from(json.at("previous").get<std::string>());
  op.timeout = Seconds(json.at("timeout_s").get<std::int64_t>());
  op.ports = json.at("ports").get<PortNumbers>();
  return op;
}

Json way_back_json(const ConfirmedBefore& before) {
  return {{"running", before.running},
          {"version", before.version},
          {"files", before.files ? Json(file_set_to_text(*before.files)) : Json()},
          {"rendered_with", rendered_json(before.rendered_with)},
          {"baseline", hex_of(before.baseline)},
          {"commit", before.commit.str()},
          {"tree", before.tree.str()},
          {"holds", before.holds}};
}

ConfirmedBefore way_back_from(const Json& json) {
  ConfirmedBefore before;
  before.running = json.at("running").get<bool>();
  before.version = json.at("version").get<std::string>();
  if (!json.at("files").is_null()) before.files = file_set_from_text(json.at("files").get<std::string>());
  before.rendered_with = rendered_from(json.at("rendered_with"));
  before.baseline = Digest::from_hex(json.at("baseline").get<std::string>());
  before.commit = name_of<CommitId>(json, "commit");
  before.tree = name_of<TreeId>(json, "tree");
  before.holds = json.at("holds").get<std::vector<int>>();
  return before;
}

// A list that is null on both sides stays so: nothing whole is known to lie there.
Json before_json(const AppliedAllocation& a) {
  Json out = {{"running", a.running},
              {"version", a.version},
              {"has_files", a.files != nullptr},
              {"same_list", a.files && a.open->files && a.files->list_id == a.open->files->list_id},
              {"rendered_with", rendered_json(a.rendered_with)},
              {"baseline", hex_of(a.baseline)},
              {"commit", a.commit.str()},
              {"confirmed_ms", ms_of(a.confirmed_at)},
              {"tree", a.tree.str()},
              {"last", to_string(a.last)},
              {"last_target", to_string(a.last_target)},
              {"last_operation", a.last_operation.str()},
              {"attempts", a.attempts},
              {"interruptions", a.interruptions},
              {"interrupted_boot", a.interrupted_boot},
              {"missing_target", a.missing_target},
              {"stop_failed", a.stop_failed},
              {"head", a.attempted_head.str()},
              {"reboot_loop", a.reboot_loop},
              {"health", to_string(a.health)},
              {"holds", a.holds},
              {"moved_from", a.moved_from.str()},
              {"rolled_back_from", a.rolled_back_from.str()}};
  if (a.before) out["way_back"] = way_back_json(*a.before);
  if (a.stopped_by) {
    out["stopped_by"] = {{"actor", a.stopped_by->actor},
                         {"reason", a.stopped_by->reason},
                         {"since_ms", ms_of(a.stopped_by->since)},
                         {"until_ms", ms_of(a.stopped_by->until)}};
  }
  return out;
}

AppliedAllocation before_from(const Json& json) {
  AppliedAllocation a;
  a.running = json.at("running").get<bool>();
  a.version = json.at("version").get<std::string>();
  a.rendered_with = rendered_from(json.at("rendered_with"));
  a.baseline = Digest::from_hex(json.at("baseline").get<std::string>());
  a.commit = name_of<CommitId>(json, "commit");
  a.confirmed_at = WallTime(std::chrono::milliseconds(json.at("confirmed_ms").get<std::int64_t>()));
  a.tree = name_of<TreeId>(json, "tree");
  a.last = last_result_from(json.at("last").get<std::string>());
  a.last_target = target_from(json.at("last_target").get<std::string>());
  a.last_operation = name_of<OperationId>(json, "last_operation");
  a.attempts = json.at("attempts").get<int>();
  a.interruptions = json.at("interruptions").get<int>();
  a.interrupted_boot = json.at("interrupted_boot").get<std::string>();
  a.missing_target = json.at("missing_target").get<bool>();
  a.stop_failed = json.at("stop_failed").get<bool>();
  a.attempted_head = name_of<CommitId>(json, "head");
  a.reboot_loop = json.at("reboot_loop").get<bool>();
  a.health = health_from(json.at("health").get<std::string>());
  a.holds = json.at("holds").get<std::vector<int>>();
  a.moved_from = name_of<JobName>(json, "moved_from");
  a.rolled_back_from = name_of<TreeId>(json, "rolled_back_from");
  if (json.contains("way_back")) a.before = way_back_from(json.at("way_back"));
  if (json.contains("stopped_by")) {
    const Json& by = json.at("stopped_by");
    a.stopped_by = StoppedBy{by.at("actor").get<std::string>(), by.at("reason").get<std::string>()};
    // Of a maand that kept no times: until an operator starts it.
    if (by.contains("since_ms")) a.stopped_by->since = time_of(by.at("since_ms"));
    if (by.contains("until_ms")) a.stopped_by->until = time_of(by.at("until_ms"));
  }
  return a;
}

}  // namespace

std::string allocation_record(const AppliedAllocation& torn, const std::string& store) {
  const Json out = {{"schema", kSchema},           {"store", store},
                    {"job", torn.key.job.str()},   {"worker", torn.key.worker.str()},
                    {"before", before_json(torn)}, {"operation", operation_json(*torn.open)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<AllocationRecord> allocation_record_from(std::string_view text) {
  bool fractions = false;  // nothing of ours has one, and not every one fits an integer
  const Json::parser_callback_t look = [&](int, Json::parse_event_t, Json& value) {
    fractions = fractions || value.is_number_float();
    return true;
  };
  const Json json = Json::parse(text, look, false);
  if (fractions || !json.is_object()) return std::nullopt;
  try {
    if (json.at("schema").get<int>() != kSchema) return std::nullopt;
    AllocationRecord out;
    out.store = json.at("store").get<std::string>();
    out.torn = before_from(json.at("before"));
    out.torn.key = {name_of<JobName>(json, "job"), name_of<WorkerHost>(json, "worker")};
    Operation op = operation_from(json.at("operation"));
    op.allocation = out.torn.key;
    // A stop leaves what lies there, and so does what ships the same list once more; of what other
    // operations found only they knew the list.
    const bool left = !ships_files(op.action) && op.action != Action::kRemove;
    const bool same = json.at("before").value("same_list", false) && ships_files(op.action);
    if (json.at("before").at("has_files").get<bool>() && (left || same)) out.torn.files = op.files;
    op.base = out.torn.files;
    out.torn.open = std::move(op);
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace maand
