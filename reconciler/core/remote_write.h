// Samples for a Prometheus that does not ask for them: remote-write 0.1.0.
//
// `reconciler/outbound/remote_writer.h` implements it; what is sent, and to whom, is for others to say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/outbound.h"

namespace maand {

struct RemoteSample {
  std::string metric;
  // Each name once, in any order; UTF-8. An empty value is as if the label were not there.
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
  WallTime at;
};

struct RemoteWrite {
  std::string url;       // http:// or https://, up to and with the path
  std::string username;  // "": nobody logs in
  std::string password;
  std::vector<RemoteSample> samples;
};

class RemoteWriter {
 public:
  virtual ~RemoteWriter() = default;
  // Blocks for at most kOutboundDeadline and a second. What the answer means says judge_http().
  // Thread-safe.
  virtual Reply write(const RemoteWrite& what) = 0;
};

}  // namespace maand
