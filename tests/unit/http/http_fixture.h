// A daemon that says fixed things and writes down what it was told.
#pragma once

#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "reconciler/core/control.h"
#include "tests/support/raw_socket.h"

namespace maand {

class FakeDaemon : public StatusSource, public Controls {
 public:
  HealthState state{true, true, ""};
  std::string status = "{\"state\": \"applied\"}";
  ControlReply reply{ControlReply::Kind::kDone, "will be done"};

  HealthState health() const override { return state; }
  std::string status_json() const override {
    if (status.empty()) throw std::runtime_error("secret detail");
    return status;
  }
  std::string commits_json(std::size_t limit) const override {
    return "{\"limit\": " + std::to_string(limit) + "}";
  }
  std::string allocations_json() const override { return "{\"allocations\": []}"; }
  std::optional<std::string> job_json(const std::string& job) const override {
    if (job != "api") return std::nullopt;
    return "{\"job\": \"api\"}";
  }
  std::string plan_json() const override { return "{\"plan\": []}"; }
  std::string metrics_text() const override { return "maand_ready 1\n"; }
  ControlReply reconcile(const std::string& actor) override { return told("reconcile by " + actor); }
  ControlReply retry(const std::string& job, const std::string& actor) override {
    return told("retry " + job + " by " + actor);
  }
  ControlReply release(const std::string& subject, const std::string& actor) override {
    return told("release " + subject + " by " + actor);
  }

  std::vector<std::string> orders() const {
    const std::lock_guard lock(mutex_);
    return orders_;
  }

 private:
  ControlReply told(std::string order) {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
    return reply;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> orders_;
};

inline std::string ask(int port, const std::string& request) {
  RawSocket socket(port);
  socket.send(request);
  return socket.read_all();
}

inline std::string get(int port, const std::string& target, const std::string& more_headers = "") {
  return ask(port, "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + more_headers + "\r\n");
}

}  // namespace maand
