// The values one allocation may read (workspace.md 6.5), and the record of those
// it did read.
//
// Templates ask through here, and so will hooks. Made anew for each allocation;
// refers to what it was made from, which must outlive it.
#pragma once

#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"
#include "reconciler/core/template/template.h"
#include "reconciler/core/variables.h"

namespace maand {

// What templates of the Prometheus server job may insert (workspace.md 13.4).
struct ScrapeTexts {
  std::string scrape_configs;
  std::string rule_files;
  std::string problem;  // set: neither is known, and why
};

class AllocationValues : public TemplateValues {
 public:
  // `worker`: index among the variables' workers; nullopt for a scrape.yaml.tpl,
  // which belongs to the job and reads nothing of workers (13.3).
  AllocationValues(const Variables& variables, const Job& job, std::optional<std::uint32_t> worker,
                   const ScrapeTexts& scrape);

  // Own namespaces, and `maand/job`, `vars/job` and `secrets/job` of demanded jobs.
  bool may_read(std::string_view ns) const;

  Answer get(std::string_view ns, std::string_view key, std::string_view& value) override;
  Answer keys(std::string_view ns, std::vector<std::string>& keys) override;
  Answer secret(std::string_view key, std::string_view& value) override;
  std::optional<std::string> scrape_configs(std::string& problem) override;
  std::optional<std::string> rule_files(std::string& problem) override;

  // Everything that was asked for and what was answered, in order, in a form that
  // is the same for the same answers.
  const std::string& read_log() const { return log_; }

 private:
  // A namespace that was asked for, and what came of it.
  struct Asked {
    std::string ns;
    bool allowed;
    Variables::Space space;
  };
  const Asked& asked(std::string_view ns);
  bool is_own_or_demanded(std::string_view job) const;
  void record(std::string_view ns, std::string_view key, std::string_view value);

  const Variables& variables_;
  const Job& job_;
  const std::optional<std::uint32_t> worker_;
  const ScrapeTexts& scrape_;
  std::forward_list<std::string> made_;  // values that are kept nowhere else
  std::vector<Asked> asked_;             // few, so that looking through them is quick
  std::string log_;
};

}  // namespace maand
