#include "reconciler/core/waves.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace maand {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// Job → the jobs it demands, as indices in the order of names.
using Graph = std::vector<std::vector<std::size_t>>;

// Tarjan's strongly connected components, with a stack of its own instead of
// recursion. A component is complete only after all it points to, so its
// sequence is known at that moment.
class Components {
 public:
  explicit Components(const Graph& graph)
      : graph_(graph),
        component_(graph.size(), kNone),
        order_(graph.size(), kNone),
        low_(graph.size(), kNone),
        sequence_(graph.size(), 0) {
    for (std::size_t job = 0; job < graph.size(); ++job) {
      if (order_[job] == kNone) visit(job);
    }
  }

  const std::vector<int>& sequence() const { return sequence_; }
  std::size_t component(std::size_t job) const { return component_[job]; }
  // Sorted each.
  const std::vector<std::vector<std::size_t>>& members() const { return members_; }

 private:
  struct Frame {
    std::size_t job;
    std::size_t next;  // of its demands
  };

  void enter(std::size_t job) {
    order_[job] = low_[job] = count_++;
    open_.push_back(job);
    frames_.push_back({job, 0});
  }

  void visit(std::size_t root) {
    enter(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      const std::size_t job = frame.job;
      if (frame.next < graph_[job].size()) {
        const std::size_t demanded = graph_[job][frame.next++];
        if (order_[demanded] == kNone) {
          enter(demanded);
        } else if (component_[demanded] == kNone) {
          low_[job] = std::min(low_[job], order_[demanded]);
        }
        continue;
      }
      frames_.pop_back();
      if (!frames_.empty()) low_[frames_.back().job] = std::min(low_[frames_.back().job], low_[job]);
      if (low_[job] == order_[job]) close(job);
    }
  }

  void close(std::size_t root) {
    const auto first = std::find(open_.rbegin(), open_.rend(), root).base() - 1;
    std::vector<std::size_t> members(first, open_.end());
    open_.erase(first, open_.end());
    std::sort(members.begin(), members.end());
    for (const std::size_t job : members) component_[job] = members_.size();
    int sequence = 0;
    for (const std::size_t job : members) {
      for (const std::size_t demanded : graph_[job]) {
        if (component_[demanded] != members_.size()) sequence = std::max(sequence, sequence_[demanded] + 1);
      }
    }
    for (const std::size_t job : members) sequence_[job] = sequence;
    members_.push_back(std::move(members));
  }

  const Graph& graph_;
  std::vector<std::size_t> component_;
  std::vector<std::size_t> order_;  // of discovery
  std::vector<std::size_t> low_;    // earliest job of the open ones that is reached
  std::vector<int> sequence_;
  std::vector<std::vector<std::size_t>> members_;
  std::vector<std::size_t> open_;
  std::vector<Frame> frames_;
  std::size_t count_ = 0;
};

// Breadth first within one component. `from` holds kNone for every job, and is
// left so for other components.
std::vector<std::size_t> way_back_to(std::size_t start, const Graph& graph, const Components& components,
                                     std::vector<std::size_t>& from) {
  std::vector<std::size_t> reached = {start};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const std::size_t demanded : graph[reached[i]]) {
      if (demanded == start) {
        std::vector<std::size_t> path = {start};
        for (std::size_t job = reached[i]; job != start; job = from[job]) path.push_back(job);
        path.push_back(start);
        std::reverse(path.begin(), path.end());
        return path;
      }
      if (from[demanded] != kNone || components.component(demanded) != components.component(start)) continue;
      from[demanded] = reached[i];
      reached.push_back(demanded);
    }
  }
  return {};
}

bool demands_itself(const Graph& graph, std::size_t job) {
  return std::binary_search(graph[job].begin(), graph[job].end(), job);
}

}  // namespace

Waves deployment_waves(const std::vector<const Job*>& jobs) {
  std::vector<std::size_t> by_name(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) by_name[i] = i;
  std::sort(by_name.begin(), by_name.end(),
            [&](std::size_t a, std::size_t b) { return jobs[a]->name < jobs[b]->name; });
  const auto name_of = [&](std::size_t rank) -> const JobName& { return jobs[by_name[rank]]->name; };

  Graph graph(jobs.size());
  for (std::size_t rank = 0; rank < by_name.size(); ++rank) {
    for (const Demand& demand : jobs[by_name[rank]]->demands) {
      const auto found =
          std::lower_bound(by_name.begin(), by_name.end(), demand.job,
                           [&](std::size_t job, const JobName& name) { return jobs[job]->name < name; });
      if (found == by_name.end() || jobs[*found]->name != demand.job) continue;
      graph[rank].push_back(static_cast<std::size_t>(found - by_name.begin()));
    }
    std::sort(graph[rank].begin(), graph[rank].end());
    graph[rank].erase(std::unique(graph[rank].begin(), graph[rank].end()), graph[rank].end());
  }

  const Components components(graph);
  Waves out;
  out.sequence.resize(jobs.size());
  for (std::size_t rank = 0; rank < by_name.size(); ++rank) {
    out.sequence[by_name[rank]] = components.sequence()[rank];
  }
  std::vector<std::size_t> from(jobs.size(), kNone);
  for (const std::vector<std::size_t>& members : components.members()) {
    if (members.size() < 2 && !demands_itself(graph, members.front())) continue;
    Cycle cycle;
    for (const std::size_t rank : members) cycle.jobs.push_back(name_of(rank));
    for (const std::size_t rank : way_back_to(members.front(), graph, components, from)) {
      cycle.path.push_back(name_of(rank));
    }
    out.cycles.push_back(std::move(cycle));
  }
  std::sort(out.cycles.begin(), out.cycles.end(),
            [](const Cycle& a, const Cycle& b) { return a.jobs.front() < b.jobs.front(); });
  return out;
}

std::string to_string(const Cycle& cycle) {
  constexpr std::size_t kShown = 8;
  const std::size_t size = cycle.path.size();
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    const bool left_out = size > kShown && i >= kShown / 2 && i < size - kShown / 2;
    if (left_out && i > kShown / 2) continue;
    out += (i > 0 ? " -> " : "") + (left_out ? "…" : cycle.path[i].str());
  }
  return out;
}

}  // namespace maand
