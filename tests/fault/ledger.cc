#include "tests/fault/ledger.h"

#include <sstream>
#include <stdexcept>

#include "tests/support/process.h"

namespace maand::testing {

std::string ledger_makefile(const std::string& job, const std::string& ledger) {
  return ".PHONY: start stop restart reload\n"
         "start stop restart reload:\n"
         "\t@op=$$(ls ../../.maand/jobs/" +
         job + "/ops | tail -n 1); who=\"" + job +
         " $$(cat ../../../name) $$op\"; \\\n"
         "\tsaid=\"$@ $$CURRENT_VERSION $$NEW_VERSION $$MAAND_PREVIOUS $$(cat conf/app.ini)-$$(cat "
         "page.html)\"; \\\n"
         "\tmkdir -p data; echo \"begins $$who $$said\" >>" +
         ledger +
         "; echo \"$$op $$said\" >>data/events; \\\n"
         "\tsleep 0.1; rc=0; \\\n"
         "\tcase $$said in stop*) ;; *\\ bad*) rc=1 ;; esac; \\\n"
         "\techo \"ends $$who $$rc\" >>" +
         ledger + "; exit $$rc\n";
}

std::vector<LedgerEntry> read_ledger(const std::filesystem::path& ledger, std::size_t& from) {
  std::vector<LedgerEntry> out;
  if (!std::filesystem::exists(ledger)) return out;
  const std::string text = read_file(ledger);
  for (std::size_t end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    LedgerEntry entry;
    entry.line = text.substr(from, end - from);
    std::istringstream in(entry.line);
    std::string word, job, worker, operation, target;
    in >> word >> job >> worker >> operation;
    const std::size_t dash = operation.find('-');
    entry.begins = word == "begins";
    entry.allocation = {JobName(job), WorkerHost(worker)};
    if (entry.begins) {
      in >> target >> entry.current_version >> entry.new_version >> entry.previous >> entry.content;
      entry.action = action_from(target);
    } else {
      int status = -1;
      in >> status;
      entry.failed = status != 0;
    }
    if (in.fail() || dash == std::string::npos || (word != "begins" && word != "ends"))
      throw std::runtime_error("the ledger says: " + entry.line);
    entry.operation = OperationId(operation.substr(dash + 1));
    entry.seq = std::stoull(operation.substr(0, dash));
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace maand::testing
