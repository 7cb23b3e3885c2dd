#include "reconciler/http/request_head.h"

#include <charconv>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "reconciler/core/text.h"
#include "reconciler/http/socket_address.h"
#include "reconciler/http/stream_handles.h"

namespace maand {
namespace {

constexpr std::size_t kMaxPathBytes = 512;

// What httplib refuses by itself.
const char* explain(int status) {
  switch (status) {
    case 400:
      return "this is no valid HTTP request";
    case 414:
      return "the path is too long";
    default:
      return "the request was refused";
  }
}

// `HTTP/1.1 414 …`
int status_in(const std::string& answer) {
  int status = 400;
  if (answer.size() > 12) std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return status >= 400 && status < 500 ? status : 400;
}

// httplib looks for ranges and expectations before it asks us, the ranges with
// a regular expression that recurses; we have no use for either.
std::string without_headers(std::string_view head) {
  std::string out;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size() - 1);
    const std::string_view line = head.substr(0, end + 1);
    head.remove_prefix(end + 1);
    const std::string_view name = line.substr(0, line.find(':'));
    if (!out.empty() && (equal_fold(trim(name), "range") || equal_fold(trim(name), "expect"))) continue;
    out += line;
  }
  return out;
}

// As they came: httplib takes `%41` in a value for an `A`, and a secret may hold one.
std::multimap<std::string, std::string> headers_in(std::string_view head) {
  std::multimap<std::string, std::string> out;
  head.remove_prefix(std::min(head.find('\n'), head.size() - 1) + 1);
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size() - 1);
    const std::string_view line = head.substr(0, end + 1);
    head.remove_prefix(end + 1);
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, std::min(colon, line.size()));
    if (colon == 0 || colon == std::string_view::npos ||
        name.find_first_of(" \t") != std::string_view::npos) {
      continue;
    }
    out.emplace(lower(name), trim(line.substr(colon + 1)));
  }
  return out;
}

}  // namespace

class HeadReader::Parser : public httplib::Server {
 public:
  explicit Parser(const HttpLimits& limits) : limits_(limits) {
    // Called once the head is parsed and before anything else is done; Handled ends it there.
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      parsed_ = request;
      return HandlerResponse::Handled;
    });
  }

  RequestHead read(std::string_view head, const Peer& peer) {
    parsed_.reset();
    const std::string bytes = without_headers(head);
    MemoryStream stream(bytes);
    const std::function<void(httplib::Request&)> setup = [](httplib::Request&) {};
    process(*this, stream, setup);
    RequestHead out;
    if (!parsed_) {
      const int status = status_in(stream.written());
      out.refused = json_error(status, explain(status));
      return out;
    }
    HttpRequest& request = out.request;
    request.path = parsed_->path;
    request.over_unix_socket = peer.over_unix_socket;
    request.peer_uid = peer.over_unix_socket ? peer.uid : 0;
    request.peer_address = peer.address;
    out.answer_without_body = parsed_->method == "HEAD";
    request.method = out.answer_without_body ? "GET" : parsed_->method;
    out.refused = refuse(*parsed_, peer.over_unix_socket, out.body_bytes);
    if (out.refused) return out;
    request.query = std::move(parsed_->params);
    request.headers = headers_in(bytes);
    if (limits_.before_body) out.refused = limits_.before_body(request);
    return out;
  }

 private:
  // 0.11 (Debian 12) and 0.18 (Debian 13) differ in the parameters of process_request.
  template <class Self>
  static void process(Self& self, httplib::Stream& stream,
                      const std::function<void(httplib::Request&)>& setup) {
    bool closed = false;
    if constexpr (requires { self.process_request(stream, true, closed, setup); }) {
      self.process_request(stream, true, closed, setup);
    } else {
      self.process_request(stream, std::string(), 0, std::string(), 0, true, closed, setup);
    }
  }

  // Fills in how long the body is of what is not refused.
  std::optional<HttpReply> refuse(const httplib::Request& request, bool over_unix,
                                  std::size_t& length) const {
    if (request.path.size() > kMaxPathBytes) return json_error(414, "the path is too long");
    if (limits_.loopback_host_only && !over_unix &&
        (request.get_header_value_count("Host") != 1 || !names_loopback(request.get_header_value("Host")))) {
      return json_error(
          403, "this listener answers only to a Host header that names loopback; use http://127.0.0.1");
    }
    if (request.method != "GET" && request.method != "HEAD" && request.method != "POST") {
      return json_error(405, "only GET and POST are known here");
    }
    if (request.has_header("Transfer-Encoding"))
      return json_error(411, "send the body with a Content-Length");
    if (request.has_header("Content-Encoding"))
      return json_error(415, "send the body as it is, not compressed");
    const bool post = request.method == "POST";
    if (post) {
      const std::size_t lengths = request.get_header_value_count("Content-Length");
      if (lengths == 0) return json_error(411, "send the body with a Content-Length");
      const std::string text = request.get_header_value("Content-Length");
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
      if (error == std::errc::result_out_of_range ||
          (error == std::errc{} && length > limits_.max_body_bytes)) {
        return json_error(413,
                          "the body is larger than " + std::to_string(limits_.max_body_bytes) + " bytes");
      }
      if (lengths > 1 || error != std::errc{} || end != text.data() + text.size()) {
        return json_error(400, "the Content-Length is no number");
      }
    }
    if (!limits_.json_only) return std::nullopt;
    const std::string type = request.get_header_value("Content-Type");
    if (type.empty() && post && !over_unix) {
      return json_error(415, "say what the body is: Content-Type: application/json");
    }
    if (!type.empty() && type != "application/json" && !type.starts_with("application/json;")) {
      return json_error(415, "send a body of type application/json");
    }
    return std::nullopt;
  }

  const HttpLimits limits_;
  std::optional<httplib::Request> parsed_;
};

HeadReader::HeadReader(const HttpLimits& limits) : parser_(std::make_unique<Parser>(limits)) {}

HeadReader::~HeadReader() = default;

RequestHead HeadReader::read(std::string_view head, const Peer& peer) { return parser_->read(head, peer); }

}  // namespace maand
