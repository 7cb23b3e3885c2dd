#include "reconciler/http/server.h"

#include <exception>
#include <utility>

#include "reconciler/http/answer_text.h"

namespace maand {
namespace {

HttpReply reply_of(const HttpServer::Handler& handler, const HttpRequest& request) {
  try {
    return unless_known(request, handler(request));
  } catch (const std::exception&) {
    return json_error(500, "the request could not be answered; the daemon's log says why");
  }
}

}  // namespace

HttpServer::HttpServer(ListeningSocket socket, HttpLimits limits, Handler handler,
                       std::shared_ptr<const TlsContext> tls)
    : intake_(std::move(socket), limits, std::move(tls),
              [handler = std::move(handler)](const RequestHead& head) {
                HttpReply reply = reply_of(handler, head.request);
                if (head.answer_without_body) reply.stream = nullptr;
                return Answer{answer_text(reply, head.answer_without_body), std::move(reply.stream)};
              }) {}

}  // namespace maand
