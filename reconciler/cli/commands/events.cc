#include "reconciler/cli/commands/events.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/json_in.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"
#include "reconciler/http/client.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kBetweenTries{500};
constexpr int kTries = 120;  // a daemon that starts again is back within a minute
constexpr std::size_t kShortCommit = 12;
constexpr std::size_t kMostText = 4096;

std::string as_line(const JsonValue& event) {
  std::string line = printable(text_at(event, "at")) + " " + printable(text_at(event, "kind"));
  for (const char* name : {"commit", "job", "worker", "action", "reason", "outcome"}) {
    std::string value = printable(text_at(event, name));
    if (std::string_view(name) == "commit") value.resize(std::min(value.size(), kShortCommit));
    if (!value.empty()) line += std::string(" ") + name + "=" + value;
  }
  if (const std::int64_t took = number_at(event, "duration_ms"); took > 0) {
    line += " duration_ms=" + std::to_string(took);
  }
  const std::string text = text_at(event, "text");
  // A finished pass tells its note, a line for each allocation; none of them looks like an event.
  std::string_view rest = text;
  for (std::string before = "  "; !rest.empty(); before = "\n  ") {
    const std::string_view one = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    line += before + printable(one, kMostText);
  }
  return line;
}

// Lines of Server-Sent Events, as they come in pieces.
class Printer {
 public:
  explicit Printer(bool json) : json_(json) {}

  void operator()(std::string_view piece) {
    buffer_ += piece;
    std::size_t begin = 0;
    for (std::size_t end; (end = buffer_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      line(std::string_view(buffer_).substr(begin, end - begin));
    }
    buffer_.erase(0, begin);
    std::cout.flush();
  }
  // Behind which event to go on.
  const std::string& last() const { return last_; }
  // What had come of an event when the connection ended comes again.
  void begin_again() { buffer_.clear(); }

 private:
  void line(std::string_view text) {
    if (text.starts_with("id: ")) id_ = text.substr(4);
    if (text.starts_with("event: ")) kind_ = text.substr(7);
    if (text.starts_with("data: ")) data_ = text.substr(6);
    if (!text.empty()) return;
    if (!data_.empty()) event();
    if (!id_.empty()) last_ = id_;
    kind_.clear();
    data_.clear();
  }
  void event() {
    if (kind_ == "reset") {
      std::cerr << "Some events were missed: the daemon started anew, or they were too many.\n";
    } else if (json_) {
      std::cout << data_ << "\n";
    } else if (const auto event = read_json(data_)) {
      std::cout << as_line(*event) << "\n";
    }
  }

  const bool json_;
  std::string buffer_;
  std::string id_, kind_, data_;
  std::string last_ = "0";
};

}  // namespace

int run_events(const Context& context, const EventsOptions& options) {
  const Bucket bucket = open_bucket(context);
  const ApiClient client(bucket.socket().string());
  Printer print(context.json);
  const auto sink = [&](std::string_view piece) {
    print(piece);
    return std::cout.good() && !reader_leaves_within(std::chrono::milliseconds(0));
  };
  bool seen = false;
  for (int tries = 0; tries < kTries; ++tries) {
    try {
      print.begin_again();
      const bool wanted =
          client.follow("/api/v1/events?after=" + print.last() + (options.follow ? "" : "&wait=no"),
                        [&](std::string_view piece) {
                          seen = true;
                          tries = 0;
                          return sink(piece);
                        });
      if (!options.follow || !wanted) return kExitDone;
    } catch (const NoDaemon& none) {
      if (!seen)
        throw CommandError(kExitNoDaemon, std::string(none.what()) + "; events are kept in its memory");
    } catch (const ClientRefused& refused) {
      if (!seen) throw CommandError(kExitFailed, refused.what());
    } catch (const ClientError& error) {
      if (!seen) throw CommandError(kExitNoDaemon, error.what());
    }
    if (reader_leaves_within(kBetweenTries)) return kExitDone;
  }
  throw CommandError(kExitNoDaemon, "the daemon is gone");
}

}  // namespace maand
