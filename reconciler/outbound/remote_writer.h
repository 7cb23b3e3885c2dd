// How do samples become what a Prometheus takes at /api/v1/write? Remote-write 0.1.0: a protobuf
// message, compressed as one block of snappy.
#pragma once

#include <string>
#include <vector>

#include "reconciler/core/remote_write.h"

namespace maand {

// The message, not compressed. Labels of a series come sorted, as the protocol has it.
std::string write_request(const std::vector<RemoteSample>& samples);

class CourierRemoteWriter : public RemoteWriter {
 public:
  explicit CourierRemoteWriter(Courier& courier) : courier_(courier) {}
  Reply write(const RemoteWrite& what) override;

 private:
  Courier& courier_;
};

}  // namespace maand
