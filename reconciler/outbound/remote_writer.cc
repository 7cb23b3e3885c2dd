#include "reconciler/outbound/remote_writer.h"

#include <snappy.h>

#include <algorithm>
#include <chrono>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "reconciler/core/base64.h"

namespace maand {
namespace {

// Numbers of prompb/remote.proto and prompb/types.proto.
constexpr protozero::pbf_tag_type kTimeseries = 1;  // of WriteRequest
constexpr protozero::pbf_tag_type kLabels = 1;      // of TimeSeries
constexpr protozero::pbf_tag_type kSamples = 2;
constexpr protozero::pbf_tag_type kName = 1;  // of Label
constexpr protozero::pbf_tag_type kText = 2;
constexpr protozero::pbf_tag_type kValue = 1;  // of Sample
constexpr protozero::pbf_tag_type kTimestamp = 2;

std::int64_t milliseconds(WallTime at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

std::string write_request(const std::vector<RemoteSample>& samples) {
  std::string out;
  protozero::pbf_writer request(out);
  for (const RemoteSample& one : samples) {
    auto labels = one.labels;
    labels.emplace_back("__name__", one.metric);
    std::sort(labels.begin(), labels.end());
    protozero::pbf_writer series(request, kTimeseries);
    for (const auto& [name, value] : labels) {
      if (value.empty()) continue;
      protozero::pbf_writer label(series, kLabels);
      label.add_string(kName, name);
      label.add_string(kText, value);
    }
    protozero::pbf_writer sample(series, kSamples);
    sample.add_double(kValue, one.value);
    sample.add_int64(kTimestamp, milliseconds(one.at));
  }
  return out;
}

Reply CourierRemoteWriter::write(const RemoteWrite& what) {
  const std::string plain = write_request(what.samples);
  OutboundRequest request;
  request.url = what.url;
  request.headers = {{"Content-Type", "application/x-protobuf"},
                     {"Content-Encoding", "snappy"},
                     {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
  snappy::Compress(plain.data(), plain.size(), &request.body);
  if (!what.username.empty()) {
    const std::string pair = base64(what.username + ":" + what.password);
    request.headers.emplace_back("Authorization", "Basic " + pair);
    request.secrets = {what.password, pair};
  }
  return courier_.send(request);
}

}  // namespace maand
