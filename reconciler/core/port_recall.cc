#include "reconciler/core/port_recall.h"

#include <algorithm>
#include <utility>

namespace maand {
namespace {

using Port = std::pair<JobName, std::string>;
using Votes = std::map<int, std::vector<WorkerHost>>;  // number → who tells it

std::string name_of(const Port& port) { return "port " + port.second + " of " + port.first.str(); }

std::string list_votes(const Votes& votes) {
  constexpr std::size_t kNamed = 3;
  std::string out;
  for (const auto& [number, workers] : votes) {
    out += (out.empty() ? "" : ", ") + std::to_string(number) + " on ";
    for (std::size_t i = 0; i < std::min(workers.size(), kNamed); ++i)
      out += (i ? " " : "") + workers[i].str();
    if (workers.size() > kNamed) out += " and " + std::to_string(workers.size() - kNamed) + " more";
  }
  return out;
}

}  // namespace

RecalledPorts recall_ports(const std::map<WorkerHost, PortTable>& told) {
  std::map<Port, Votes> ports;
  for (const auto& [worker, table] : told) {
    for (const auto& [job, numbers] : table) {
      for (const auto& [name, number] : numbers) {
        if (number >= 1 && number <= 65535) ports[{job, name}][number].push_back(worker);
      }
    }
  }
  RecalledPorts out;
  std::map<int, Port> taken;
  for (const auto& [port, votes] : ports) {
    const auto most = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) {
      return a.second.size() < b.second.size();  // the first of equals, and so the smaller number
    });
    const int number = most->first;
    if (votes.size() > 1) {
      out.conflicts.push_back(name_of(port) + " has different numbers: " + list_votes(votes) + "; taken is " +
                              std::to_string(number));
    }
    const auto [owner, is_free] = taken.emplace(number, port);
    if (is_free) {
      out.numbers[port.first][port.second] = number;
    } else {
      out.conflicts.push_back(name_of(port) + " and " + name_of(owner->second) + " both have " +
                              std::to_string(number) + "; it is left to the latter");
    }
  }
  return out;
}

}  // namespace maand
