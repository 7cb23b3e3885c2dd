// Input: a byte for the size of the pieces, then what a client sends. However it
// is cut, the same request comes out, and never more bytes are held than the limits say.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "reconciler/http/answer_text.h"
#include "reconciler/http/request_frame.h"
#include "reconciler/http/request_head.h"
#include "tests/fuzz/check.h"

namespace maand {
namespace {

constexpr std::size_t kMaxHead = 512;

struct Outcome {
  RequestFrame::State state = RequestFrame::State::kHead;
  int refused = 0;
  std::string path;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

Outcome receive(std::string_view bytes, std::size_t piece, HeadReader& heads, const HttpLimits& limits) {
  RequestFrame frame(kMaxHead);
  Outcome out;
  while (!bytes.empty() && frame.room() > 0) {
    const std::size_t count = std::min({piece, bytes.size(), frame.room()});
    frame.add(bytes.substr(0, count));
    bytes.remove_prefix(count);
    FUZZ_CHECK(frame.head().size() <= kMaxHead);
    if (frame.state() != RequestFrame::State::kJudge) continue;
    const RequestHead head = heads.read(frame.head(), {"10.0.0.1"});
    if (head.refused) {
      out.refused = head.refused->status;
      FUZZ_CHECK(out.refused >= 400 && out.refused < 500 && is_utf8(head.refused->body));
      break;
    }
    FUZZ_CHECK(head.body_bytes <= limits.max_body_bytes);
    FUZZ_CHECK(head.request.method == "GET" || head.request.method == "POST");
    out.path = head.request.path;
    frame.expect(head.body_bytes);
  }
  out.state = frame.state();
  if (out.state == RequestFrame::State::kWhole) out.body = frame.take_body();
  return out;
}

}  // namespace
}  // namespace maand

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  if (size == 0) return 0;
  HttpLimits limits;
  limits.max_body_bytes = 4096;
  static HeadReader heads(limits);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = receive(bytes, bytes.size() + 1, heads, limits);
  const Outcome pieces = receive(bytes, 1 + data[0] % 16u, heads, limits);
  FUZZ_CHECK(whole == pieces);
  return 0;
}
