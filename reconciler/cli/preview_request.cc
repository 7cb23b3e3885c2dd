#include "reconciler/cli/preview_request.h"

#include <memory>
#include <nlohmann/json.hpp>

namespace maand {
namespace {

using Json = nlohmann::json;

// Values may hold any bytes; JSON may not.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json values_json(const ValueSnapshotPtr& values) {
  Json out = Json::array();
  if (!values) return out;
  for (const auto& [ns, keys] : values->namespaces) {
    for (const auto& [key, stored] : *keys) {
      if (stored.deleted) continue;
      out.push_back({ns, key, stored.version, stored.secret, stored.secret ? "" : stored.value});
    }
  }
  return out;
}

ValueSnapshotPtr values_of(const Json& json) {
  auto out = std::make_shared<ValueSnapshot>();
  std::map<std::string, NamespaceValues> namespaces;
  for (const Json& one : json) {
    StoredValue stored;
    stored.version = one.at(2).get<std::int64_t>();
    stored.secret = one.at(3).get<bool>();
    stored.value = one.at(4).get<std::string>();
    namespaces[one.at(0).get<std::string>()][one.at(1).get<std::string>()] = std::move(stored);
  }
  for (auto& [ns, keys] : namespaces)
    out->namespaces[ns] = std::make_shared<const NamespaceValues>(std::move(keys));
  return out;
}

}  // namespace

ValueSnapshotPtr without_secrets(const ValueSnapshot& values) {
  auto out = std::make_shared<ValueSnapshot>(values);
  for (auto& [ns, keys] : out->namespaces) {
    auto masked = std::make_shared<NamespaceValues>(*keys);
    for (auto& [key, stored] : *masked) {
      if (stored.secret) stored.value.clear();
    }
    keys = std::move(masked);
  }
  return out;
}

std::string to_json(const PreviewRequest& request) {
  Json unsettled = Json::array();
  for (const AllocationKey& key : request.unsettled) unsettled.push_back({key.job.str(), key.worker.str()});
  return text_of({{"bucket", request.heading.bucket.str()},
                  {"bucket_name", request.heading.bucket_name},
                  {"ref", request.heading.ref},
                  {"commit", request.heading.commit.str()},
                  {"base", request.heading.base.str()},
                  {"standing", request.standing.str()},
                  {"repository", request.repository},
                  {"mirror", request.mirror},
                  {"store", request.store},
                  {"root", request.root},
                  {"max_file_bytes", request.limits.max_file_bytes},
                  {"job_config_selector", request.limits.job_config_selector},
                  {"worker_root", request.worker_root},
                  {"ca_pem", request.ca_pem},
                  {"hooks_enabled", request.hooks_enabled},
                  {"max_removals", request.max_removals},
                  {"max_removals_count", request.max_removals_count},
                  {"lifecycle_timeout_s", request.lifecycle_timeout_s},
                  {"values", values_json(request.values)},
                  {"unsettled", unsettled},
                  {"memory_bytes", request.memory_bytes},
                  {"cpu_seconds", request.cpu_seconds}});
}

PreviewRequest preview_request_from(std::string_view text) {
  const Json json = Json::parse(text);
  PreviewRequest out;
  out.heading = {BucketId(json.at("bucket").get<std::string>()), json.at("bucket_name"), json.at("ref"),
                 CommitId(json.at("commit").get<std::string>()),
                 CommitId(json.at("base").get<std::string>())};
  out.standing = CommitId(json.at("standing").get<std::string>());
  out.repository = json.at("repository");
  out.mirror = json.at("mirror");
  out.store = json.at("store");
  out.root = json.at("root");
  out.limits = {json.at("max_file_bytes"), json.at("job_config_selector")};
  out.worker_root = json.at("worker_root");
  out.ca_pem = json.at("ca_pem");
  out.hooks_enabled = json.at("hooks_enabled");
  out.max_removals = json.at("max_removals");
  out.max_removals_count = json.at("max_removals_count");
  out.lifecycle_timeout_s = json.at("lifecycle_timeout_s");
  out.values = values_of(json.at("values"));
  for (const Json& one : json.at("unsettled")) {
    out.unsettled.push_back(
        {JobName(one.at(0).get<std::string>()), WorkerHost(one.at(1).get<std::string>())});
  }
  out.memory_bytes = json.at("memory_bytes");
  out.cpu_seconds = json.at("cpu_seconds");
  return out;
}

std::string to_json(const PreviewVerdict& verdict) {
  return text_of({{"result", to_string(verdict.result)},
                  {"summary", verdict.summary},
                  {"note_text", verdict.note_text},
                  {"note_json", verdict.note_json},
                  {"markdown", verdict.markdown}});
}

std::optional<PreviewVerdict> preview_verdict_from(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto member = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return PreviewVerdict{preview_result_from(member("result")), member("summary"), member("note_text"),
                        member("note_json"), member("markdown")};
}

}  // namespace maand
