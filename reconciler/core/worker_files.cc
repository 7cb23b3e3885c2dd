#include "reconciler/core/worker_files.h"

#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

std::string pretty(const Json& json) { return json.dump(3, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string derived_id(std::string_view text) {
  std::array<unsigned char, 16> md5{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), md5.data(), &length, EVP_md5(), nullptr);
  md5[6] = static_cast<unsigned char>((md5[6] & 0x0F) | 0x30);
  md5[8] = static_cast<unsigned char>((md5[8] & 0x3F) | 0x80);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < md5.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(kDigits[md5[i] >> 4]);
    out.push_back(kDigits[md5[i] & 15]);
  }
  return out;
}

std::string worker_id(const BucketId& bucket, const WorkerHost& host) {
  return derived_id(bucket.str() + "|" + host.str());
}

std::string worker_json(const BucketId& bucket, const Worker& worker, std::int64_t update_seq,
                        const std::string& id) {
  return pretty(Json{{"bucket_id", bucket.str()},
                     {"worker_id", id.empty() ? worker_id(bucket, worker.host) : id},
                     {"worker_ip", worker.address.empty() ? worker.host.str() : worker.address},
                     {"labels", worker.labels},
                     {"update_seq", update_seq}});
}

std::string jobs_json(const std::vector<std::pair<JobName, bool>>& jobs) {
  Json out = Json::array();
  for (const auto& [job, disabled] : jobs)
    out.push_back({{"job", job.str()}, {"disabled", disabled ? 1 : 0}});
  return pretty(out);
}

std::string claims_text(const BucketId& bucket, const std::vector<const Job*>& jobs, const PortTable& ports) {
  std::string out = "bucket " + bucket.str() + "\n";
  for (const Job* job : jobs) {
    const std::string& name = job->name.str();
    const auto numbers = ports.find(job->name);
    if (numbers != ports.end()) {
      for (const auto& [port, number] : numbers->second)
        out += "port " + std::to_string(number) + " " + name + "\n";
    }
    const auto amount = [&](const char* what, double value) {
      if (value > 0)
        out += what + std::to_string(static_cast<std::int64_t>(std::ceil(value))) + " " + name + "\n";
    };
    amount("memory ", job->reservation.memory_mb);
    amount("cpu ", job->reservation.cpu_mhz);
  }
  return out;
}

}  // namespace maand
