// A daemon that says fixed things and writes down what it was told: what the API and
// the commands that speak with it are tested over.
#pragma once

#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "reconciler/core/control.h"

namespace maand {

class FakeDaemon : public StatusSource, public Details, public Controls {
 public:
  // What it says from now on; a server may be asking meanwhile.
  void say_health(HealthState state) { set(health_, std::move(state)); }
  void say_status(std::string json) { set(status_, std::move(json)); }  // "" is an internal error
  void say_reply(ControlReply reply) { set(reply_, std::move(reply)); }

  HealthState health() const override {
    const std::lock_guard lock(mutex_);
    return health_;
  }
  std::string status_json() const override {
    const std::lock_guard lock(mutex_);
    if (status_.empty()) throw std::runtime_error("secret detail");
    return status_;
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
  std::string previews_json() const override { return "{\"previews\": []}"; }
  std::string metrics_text() const override { return "maand_ready 1\n"; }
  DetailReply plan_files(const std::string& job, const std::string& worker) override {
    if (job != "api") return {DetailReply::Kind::kUnknown, "nothing is planned for " + job};
    return {DetailReply::Kind::kFound, "{\"files of\": \"" + job + "@" + worker + "\"}"};
  }
  DetailReply note(const std::string& commit) override {
    return {DetailReply::Kind::kUnavailable, "no mirror for " + commit};
  }
  DetailReply output(const std::string& job, const std::string& worker, std::int64_t from) override {
    return {DetailReply::Kind::kFound,
            "{\"output of\": \"" + job + "@" + worker + "\", \"from\": " + std::to_string(from) + "}"};
  }
  ControlReply reconcile(const std::string& actor) override { return told("reconcile by " + actor); }
  ControlReply retry(const std::string& job, const std::string& actor) override {
    return told("retry " + job + " by " + actor);
  }
  ControlReply release(const std::string& subject, const std::string& actor) override {
    return told("release " + subject + " by " + actor);
  }
  ControlReply release_unsigned(const std::string& commit, const std::string& reason,
                                const std::string& actor) override {
    return told("release unsigned " + commit + " by " + actor + ": " + reason);
  }

  ControlReply suspend(const std::string& job, const std::string& reason, const std::string& span,
                       const std::string& actor) override {
    return told("suspend " + job + " for " + span + " by " + actor + ": " + reason);
  }
  DetailReply content_at(const std::string& job, const std::string& rev) override {
    if (rev != "c0ffee") return {DetailReply::Kind::kUnknown, "no such commit"};
    return {DetailReply::Kind::kFound, "whole id of " + rev + " with " + job};
  }
  ControlReply rollback(const std::string& job, const std::string& commit, const std::string& reason,
                        const std::string& span, const std::string& actor) override {
    return told("rollback " + job + " to the " + commit + " for " + span + " by " + actor + ": " + reason);
  }
  ControlReply resume(const std::string& job, const std::string& actor) override {
    return told("resume " + job + " by " + actor);
  }

  ControlReply takeover(const std::string& reason, const std::string& actor) override {
    return told("takeover by " + actor + ": " + reason);
  }
  ControlReply forget(const std::string& subject, const std::string& actor) override {
    return told("forget " + subject + " by " + actor);
  }
  ControlReply drain(const DrainRequest& request, const std::string& actor) override {
    return told("drain " + request.host + " for " + request.span + " by " + actor + ": " + request.reason +
                (request.force ? " by force" : ""));
  }
  ControlReply undrain(const std::string& host, const std::string& actor) override {
    return told("undrain " + host + " by " + actor);
  }
  ControlReply worker(const std::string& verb, const std::string& host, const std::string& actor) override {
    return told("worker " + verb + " " + host + " by " + actor);
  }

  ControlReply job_order(const JobOrderRequest& request, const std::string& actor) override {
    return told("job " + request.verb + " " + request.job + " on " + request.workers + " by " + actor +
                (request.health_check ? " with health" : "") +
                (request.reason.empty() ? "" : ": " + request.reason + " for " + request.span));
  }
  ControlReply hook_order(const HookOrderRequest& request, const std::string& actor) override {
    return told("hook " + request.event + " " + request.command + " of " + request.job + " by " + actor +
                ", " + std::to_string(request.concurrency) + " at once" +
                (request.target.empty() ? "" : ", " + request.target + " on " + request.workers));
  }
  std::optional<std::string> job_order_json(const std::string& id) const override {
    if (id != "42") return std::nullopt;
    return "{\"order\": \"42\"}";
  }
  ControlReply cut_job_order(const std::string& id, const std::string& actor) override {
    return told("cut " + id + " by " + actor);
  }

  std::vector<std::string> orders() const {
    const std::lock_guard lock(mutex_);
    return orders_;
  }

 private:
  ControlReply told(std::string order) {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
    return reply_;
  }
  template <typename T>
  void set(T& member, T value) {
    const std::lock_guard lock(mutex_);
    member = std::move(value);
  }

  mutable std::mutex mutex_;
  HealthState health_{true, true, ""};
  std::string status_ = "{\"state\": \"applied\"}";
  ControlReply reply_{ControlReply::Kind::kDone, "will be done"};
  std::vector<std::string> orders_;
};

}  // namespace maand
