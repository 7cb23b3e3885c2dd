#include "reconciler/core/placement.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kWordBits = 64;

// A bit per worker.
using Bits = std::vector<std::uint64_t>;

// Which workers have a label, for every label that some job selects. Labels
// nobody selects are never looked at again, so they are not kept.
class LabelIndex {
 public:
  LabelIndex(const std::vector<Worker>& workers, const std::vector<const Job*>& jobs)
      : words_((workers.size() + kWordBits - 1) / kWordBits) {
    for (const Job* job : jobs) {
      for (const std::string& selector : job->selectors) bits_.try_emplace(selector, words_, 0u);
    }
    for (std::size_t i = 0; i < workers.size(); ++i) {
      for (const std::string& label : workers[i].labels) {
        const auto found = bits_.find(label);
        if (found != bits_.end()) found->second[i / kWordBits] |= std::uint64_t{1} << (i % kWordBits);
      }
    }
  }

  // REQUIRES: the job is one of those the index was made for.
  Bits workers_of(const Job& job) const {
    // No selector at all means no worker, not every one (workspace.md 2.2).
    if (job.selectors.empty()) return Bits(words_, 0);
    Bits all = bits_.at(job.selectors.front());
    for (std::size_t s = 1; s < job.selectors.size(); ++s) {
      const Bits& more = bits_.at(job.selectors[s]);
      for (std::size_t w = 0; w < words_; ++w) all[w] &= more[w];
    }
    return all;
  }

 private:
  std::size_t words_;
  std::unordered_map<std::string_view, Bits> bits_;
};

std::vector<std::uint32_t> indices(const Bits& bits) {
  std::size_t count = 0;
  for (const std::uint64_t word : bits) count += static_cast<std::size_t>(std::popcount(word));
  std::vector<std::uint32_t> out;
  out.reserve(count);
  for (std::size_t w = 0; w < bits.size(); ++w) {
    for (std::uint64_t word = bits[w]; word != 0; word &= word - 1) {
      out.push_back(static_cast<std::uint32_t>(w * kWordBits) +
                    static_cast<std::uint32_t>(std::countr_zero(word)));
    }
  }
  return out;
}

std::vector<std::string> missing_labels(const Job& job, const Worker& worker) {
  std::vector<std::string> out;
  for (const std::string& selector : job.selectors) {
    if (std::find(worker.labels.begin(), worker.labels.end(), selector) == worker.labels.end()) {
      out.push_back(quote(selector));
    }
  }
  return out;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> place(const std::vector<Worker>& workers,
                                              const std::vector<const Job*>& jobs) {
  const LabelIndex index(workers, jobs);
  std::vector<std::vector<std::uint32_t>> out;
  out.reserve(jobs.size());
  for (const Job* job : jobs) out.push_back(indices(index.workers_of(*job)));
  return out;
}

bool matches(const Job& job, const Worker& worker) {
  return !job.selectors.empty() && missing_labels(job, worker).empty();
}

std::string explain_placement(const Job& job, const Worker& worker) {
  const std::string subject = printable(job.name.str());
  const std::string place = printable(worker.host.str());
  if (job.selectors.empty()) {
    return subject + " is not placed on " + place +
           ": its `selectors` hold only empty text, which matches no worker";
  }
  const std::vector<std::string> missing = missing_labels(job, worker);
  const auto labels = [](std::size_t count) { return count == 1 ? " label " : " labels "; };
  if (!missing.empty()) {
    return subject + " is not placed on " + place + ": the worker lacks the" + labels(missing.size()) +
           join_words(missing);
  }
  std::vector<std::string> selected;
  for (const std::string& selector : job.selectors) selected.push_back(quote(selector));
  return subject + " is placed on " + place + ": the worker has the" + labels(selected.size()) +
         join_words(selected);
}

}  // namespace maand
