#include "reconciler/cli/commands/doctor.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

#include "executor/errand_script.h"
#include "executor/examination.h"
#include "executor/sandbox_trial.h"
#include "reconciler/cli/accepted_head.h"
#include "reconciler/cli/certificate_warnings.h"
#include "reconciler/cli/errand_round.h"
#include "reconciler/cli/errand_workers.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/settings.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"
#include "reconciler/core/worker_exam.h"

namespace maand {
namespace {

constexpr Seconds kLimit{60};
constexpr std::size_t kAll = 2000;

struct Patient {
  ExamContext context;
  std::vector<Finding> findings;
  std::chrono::milliseconds login{0}, shell{0};
};

ExamContext context_of(const Bucket& bucket, const JudgedHead& head, const Worker& worker) {
  ExamContext out;
  out.bucket = bucket.config.bucket_id;
  out.worker_root = bucket.config.worker_root;
  out.endpoint = endpoint_of(worker, head.settings.ssh);
  out.was = worker.was;
  const auto record = head.applied.workers.find(worker.host);
  if (record != head.applied.workers.end()) {
    out.instance = record->second.instance;
    if (!record->second.was.empty()) out.was = record->second.was;
  }
  out.expect_marker =
      std::any_of(head.applied.allocations.begin(), head.applied.allocations.end(), [&](const auto& entry) {
        return entry.first.worker == worker.host && entry.second.confirmed_at != WallTime{};
      });
  return out;
}

Errand errand_for(const ExamContext& context) {
  Errand errand;
  errand.endpoint = context.endpoint;
  errand.script = kDoctorErrand;
  errand.environment = {{"BUCKET_ID", context.bucket.str()}, {"MAAND_ROOT", context.worker_root}};
  errand.limit = kLimit;
  return errand;
}

Ink ink_of(Finding::Grade grade) {
  switch (grade) {
    case Finding::Grade::kNote:
      return Ink::kDim;
    case Finding::Grade::kWarning:
      return Ink::kWarn;
    case Finding::Grade::kFailure:
      return Ink::kBad;
  }
  return Ink::kPlain;
}

void print_text(const std::vector<Patient>& patients, bool color) {
  for (const Patient& one : patients) {
    const bool fails = would_fail(one.findings);
    const bool warned = !fails && one.findings.front().grade == Finding::Grade::kWarning;
    std::cout << inked(one.context.endpoint.host.str(), Ink::kBold, color) << "  "
              << inked(fails    ? "would fail"
                       : warned ? "works, with warnings"
                                : "well",
                       fails    ? Ink::kBad
                       : warned ? Ink::kWarn
                                : Ink::kGood,
                       color)
              << "\n";
    for (const Finding& finding : one.findings) {
      std::cout << "  " << inked(pad_right(to_string(finding.grade), 7), ink_of(finding.grade), color) << "  "
                << finding.about << ": " << printable(finding.text, kAll) << "\n";
      if (!finding.advice.empty()) std::cout << "           " << printable(finding.advice, kAll) << "\n";
    }
  }
}

void print_json(const std::vector<Patient>& patients, const std::vector<std::string>& notes, bool well) {
  std::vector<std::string> list;
  for (const Patient& one : patients) {
    std::vector<std::string> findings;
    for (const Finding& finding : one.findings) {
      findings.push_back(JsonObject()
                             .text("grade", to_string(finding.grade))
                             .text("about", finding.about)
                             .text("text", finding.text)
                             .text("advice", finding.advice)
                             .str());
    }
    list.push_back(JsonObject()
                       .text("worker", one.context.endpoint.host.str())
                       .flag("would_fail", would_fail(one.findings))
                       .number("login_ms", one.login.count())
                       .number("shell_ms", one.shell.count())
                       .raw("findings", json_array(findings))
                       .str());
  }
  std::cout << JsonObject().flag("well", well).texts("notes", notes).raw("workers", json_array(list)).str()
            << "\n";
}

// The daemon knows whether its hooks get their sandbox: what systemd lets it do is not what we may do.
std::string sandbox_problem_of(const Bucket& bucket) {
  const HookOptions options = hook_options(bucket);
  if (!bucket.config.hooks.enabled || options.sandbox == HookSandbox::kNone) return {};
  std::ifstream said(options.sandbox_word);
  if (said.is_open()) return {std::istreambuf_iterator<char>(said), std::istreambuf_iterator<char>()};
  return sandbox_problem(options);
}

}  // namespace

int run_doctor(const Context& context, const DoctorOptions& options) {
  const Bucket bucket = open_bucket(context);
  ErrandRound round(bucket);
  const JudgedHead head = accepted_head(bucket, "going to workers by");
  std::vector<Patient> patients;
  for (const Worker& worker : choose_workers(head.desired->workers, options.workers, options.labels))
    patients.push_back({context_of(bucket, head, worker), {}, {}, {}});
  round.for_each(patients.size(), [&](std::size_t i) {
    Patient& one = patients[i];
    const WorkerExam exam = examine(round.transport(), round.errands(), errand_for(one.context));
    one.findings = judge_worker(exam, one.context);
    one.login = exam.login;
    one.shell = exam.shell;
  });
  if (round.interrupted()) throw CommandError(kExitFailed, "interrupted before every worker was looked at");
  // Keys that are in the file and count for nothing.
  std::vector<std::string> notes;
  for (const std::string& note : round.transport().known_hosts_notes())
    notes.push_back("secrets/known_hosts: " + note);
  for (const std::string& warning : certificate_warnings(bucket, head))
    notes.push_back("certificates: " + warning);
  if (bucket.config.hooks.enabled && bucket.config.hooks.expose_key)
    notes.push_back(
        "hooks: hooks.expose_key is set, so that every hook can read the workers' key and be root on all of "
        "them; run_ssh of maand.py needs none");
  if (const std::string problem = sandbox_problem_of(bucket); !problem.empty())
    notes.push_back("hooks: " + problem);
  const auto failing = std::count_if(patients.begin(), patients.end(),
                                     [](const Patient& one) { return would_fail(one.findings); });
  if (context.json) {
    print_json(patients, notes, failing == 0);
  } else {
    for (const std::string& note : notes) std::cout << printable(note, kAll) << "\n";
    print_text(patients, context.color);
  }
  return failing == 0 ? kExitDone : kExitFailed;
}

}  // namespace maand
