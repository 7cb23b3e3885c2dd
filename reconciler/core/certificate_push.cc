#include "reconciler/core/certificate_push.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "reconciler/core/prometheus/catalogue.h"
#include "reconciler/core/prometheus/scrape_file.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::string_view kServerJob = "prometheus";
constexpr const char* kServerPort = "prometheus_port_http";
constexpr const char* kUsername = "admin_username";
constexpr const char* kPassword = "admin_password";
constexpr std::size_t kMostLabel = 200;

// Numbers of an IPv4 address as numbers, so that .9 comes before .10; then whatever else there is.
std::tuple<bool, std::array<std::uint8_t, 4>, std::string> rank(const std::string& address) {
  std::array<std::uint8_t, 4> bytes{};
  std::size_t part = 0;
  int number = -1;
  for (const char c : address + ".") {
    if (c >= '0' && c <= '9' && number < 256) {
      number = std::max(number, 0) * 10 + (c - '0');
    } else if (c == '.' && part < bytes.size() && number >= 0 && number < 256) {
      bytes[part++] = static_cast<std::uint8_t>(std::exchange(number, -1));
    } else {
      return {true, {}, address};
    }
  }
  if (part != bytes.size()) return {true, {}, address};
  return {false, bytes, address};
}

struct Secret {
  std::optional<std::string> text;
  std::string problem;
};

// As Variables has them: what is in git comes before what is stored.
Secret secret(const Job* job, const VariableSources& sources, const std::string& key) {
  if (job) {
    const auto sealed = job->sealed_secrets.find(key);
    if (sealed != job->sealed_secrets.end() && sources.open) {
      RevealedSecret opened = sources.open(job->name, key, sealed->second);
      if (opened.state != RevealedSecret::State::kOpened) return {std::nullopt, opened.problem};
      return {std::move(opened.text), ""};
    }
  }
  if (!sources.stored) return {};
  const ValueLookup found = sources.stored->find("secrets/job/" + std::string(kServerJob), key);
  if (!found.value) return {};
  if (!found.value->secret) return {found.value->value, ""};
  if (!sources.reveal) return {std::nullopt, "secrets cannot be opened here"};
  RevealedSecret revealed = sources.reveal(*found.value);
  if (revealed.state != RevealedSecret::State::kOpened) return {std::nullopt, revealed.problem};
  return {std::move(revealed.text), ""};
}

PushLogin refused(std::string problem) { return {"", "", std::move(problem)}; }

}  // namespace

std::string push_url(const AppliedState& state) {
  const JobName server{std::string(kServerJob)};
  const auto numbers = state.ports.find(server);
  if (numbers == state.ports.end()) return "";
  const auto port = numbers->second.find(kServerPort);
  if (port == numbers->second.end()) return "";
  std::optional<std::string> lowest;
  for (auto one = state.allocations.lower_bound({server, {}});
       one != state.allocations.end() && one->first.job == server; ++one) {
    const AppliedAllocation& allocation = one->second;
    if (!allocation.running || !allocation.files || !ships_prometheus(*allocation.files)) continue;
    const std::string& host = one->first.worker.str();
    const std::string& address = allocation.endpoint.address.empty() ? host : allocation.endpoint.address;
    if (!lowest || rank(address) < rank(*lowest)) lowest = address;
  }
  return lowest ? "http://" + host_and_port(*lowest, port->second) + "/api/v1/write" : "";
}

PushLogin push_login(const Job* job, const VariableSources& sources) {
  const Secret username = secret(job, sources, kUsername);
  const Secret password = secret(job, sources, kPassword);
  const std::string of_job = " of secrets/job/" + std::string(kServerJob);
  for (const auto& [key, one] : {std::pair(kUsername, &username), std::pair(kPassword, &password)}) {
    if (!one->problem.empty()) return refused(key + of_job + " cannot be read: " + one->problem);
  }
  if (!username.text && !password.text) return {};
  if (!username.text || !password.text) {
    return refused(std::string(username.text ? kPassword : kUsername) + of_job + " is not there, and " +
                   (username.text ? kUsername : kPassword) + " is: put both, or none");
  }
  if (username.text->empty() || username.text->find(':') != std::string::npos)
    return refused(kUsername + of_job + " must not be empty or hold a colon");
  return {*username.text, *password.text, ""};
}

std::vector<RemoteSample> pushed_samples(const std::vector<CertificateSeries>& series, WallTime now) {
  std::vector<RemoteSample> out;
  for (const CertificateFamily& family : certificate_families()) {
    for (const CertificateSeries& one : series) {
      RemoteSample sample{family.name, one.labels, static_cast<double>(family.value(one)), now};
      for (auto& [name, value] : sample.labels) value = printable(value, kMostLabel);
      out.push_back(std::move(sample));
    }
  }
  return out;
}

std::chrono::milliseconds push_delay(int failures) {
  constexpr std::chrono::milliseconds kFirst{2000};
  constexpr std::chrono::milliseconds kLongest{15'000};
  std::chrono::milliseconds delay = kFirst;
  for (int i = 1; i < failures && delay < kLongest; ++i) delay *= 2;
  return std::min(delay, kLongest);
}

}  // namespace maand
