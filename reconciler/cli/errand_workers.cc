#include "reconciler/cli/errand_workers.h"

#include <algorithm>
#include <set>

#include "reconciler/cli/context.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

[[noreturn]] void no_such(const std::string& what, const std::string& word,
                          const std::set<std::string>& known) {
  const auto near = nearest(word, std::vector<std::string_view>(known.begin(), known.end()));
  throw CommandError(kExitUsage, "there is no " + what + " " + quote(word) +
                                     (near ? "; did you mean `" + *near + "`?"
                                           : "; `maand cat workers` lists workers and their labels"));
}

// Tidied words of `given`; everyone is in `known`.
std::set<std::string> words_in(const std::vector<std::string>& given, const std::set<std::string>& known,
                               const std::string& what) {
  std::set<std::string> out;
  for (const std::string& one : given) {
    const std::string word = lower(trim(one));
    if (known.count(word) == 0) no_such(what, word, known);
    out.insert(word);
  }
  return out;
}

}  // namespace

std::vector<Worker> choose_workers(const std::vector<Worker>& workers, const std::vector<std::string>& names,
                                   const std::vector<std::string>& labels) {
  std::set<std::string> hosts;
  std::set<std::string> carried;
  for (const Worker& worker : workers) {
    hosts.insert(lower(worker.host.str()));
    carried.insert(worker.labels.begin(), worker.labels.end());
  }
  const std::set<std::string> wanted = words_in(names, hosts, "worker");
  const std::set<std::string> marks = words_in(labels, carried, "worker with the label");
  std::vector<Worker> out;
  for (const Worker& worker : workers) {
    const bool named = wanted.empty() || wanted.count(lower(worker.host.str())) > 0;
    const bool marked =
        marks.empty() || std::any_of(worker.labels.begin(), worker.labels.end(),
                                     [&](const std::string& label) { return marks.count(label) > 0; });
    if (named && marked) out.push_back(worker);
  }
  if (out.empty()) throw CommandError(kExitUsage, "there is no worker to go to; workers.json lists them");
  return out;
}

}  // namespace maand
