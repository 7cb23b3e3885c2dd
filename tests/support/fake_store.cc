#include "tests/support/fake_store.h"

#include <algorithm>
#include <utility>

namespace maand {
namespace {

std::string names(const std::vector<AppliedAllocation>& allocations) {
  std::string out;
  for (const AppliedAllocation& allocation : allocations)
    out += (out.empty() ? "" : ",") + allocation.key.str();
  return out;
}

}  // namespace

void FakeStore::fail_next(Fail where) {
  fail_ = where;
  fail_once_ = true;
}

void FakeStore::fail_all(Fail where) {
  fail_ = where;
  fail_once_ = false;
}

void FakeStore::heal() { fail_.reset(); }

void FakeStore::crash() {
  forget_unsynced();
  heal();
}

void FakeStore::write(const std::string& call, const std::function<void(Content&)>& change) {
  calls.push_back(call);
  if (before_write) before_write(call);
  const std::optional<Fail> fail = fail_;
  if (fail_once_) fail_.reset();
  if (fail == Fail::kBeforeWrite) throw StoreError("told to fail before writing " + call);
  change(written_);
  if (fail == Fail::kBeforeSync) {
    written_ = synced_;  // a store that failed opens its file again
    throw StoreError("told to fail before syncing " + call);
  }
  synced_ = written_;
  if (after_write) after_write(call);
  if (fail == Fail::kAfterSync) throw StoreError("told to fail after syncing " + call);
}

const FakeStore::Content& FakeStore::read() {
  if (fail_ == Fail::kBeforeWrite) {
    if (fail_once_) fail_.reset();
    throw StoreError("told to fail");
  }
  return written_;
}

AppliedState FakeStore::load() { return read().applied; }

void FakeStore::begin(const std::vector<AppliedAllocation>& torn, std::uint64_t last_seq) {
  write("begin " + names(torn), [&](Content& content) {
    for (const AppliedAllocation& allocation : torn) content.applied.allocations[allocation.key] = allocation;
    content.applied.last_seq = std::max(content.applied.last_seq, last_seq);
  });
}

void FakeStore::settle(const std::vector<AppliedAllocation>& settled, const Forgotten& gone,
                       std::uint64_t claimed_seq) {
  std::string call = "settle " + names(settled);
  for (const auto& [key, ran_seq] : gone) call += " -" + key.str();
  write(call, [&](Content& content) {
    for (const AppliedAllocation& allocation : settled)
      content.applied.allocations[allocation.key] = allocation;
    for (const auto& [key, ran_seq] : gone) {
      content.applied.allocations.erase(key);
      std::uint64_t& known = content.applied.forgotten[key];
      known = std::max(known, ran_seq);
    }
    content.applied.claimed_seq = std::max(content.applied.claimed_seq, claimed_seq);
  });
}

void FakeStore::put_job(const JobRecord& job) {
  write("put_job " + job.job.str(), [&](Content& content) { content.applied.jobs[job.job] = job; });
}

void FakeStore::erase_job(const JobName& job) {
  write("erase_job " + job.str(), [&](Content& content) { content.applied.jobs.erase(job); });
}

void FakeStore::put_heads(const CommitId& head, const CommitId& applied) {
  write("put_heads " + head.str() + " " + applied.str(), [&](Content& content) {
    content.applied.head = head;
    content.applied.applied = applied;
  });
}

void FakeStore::put_ports(const PortTable& ports) {
  write("put_ports", [&](Content& content) { content.applied.ports = ports; });
}

void FakeStore::put_worker(const WorkerRecord& worker) {
  write("put_worker " + worker.host.str(),
        [&](Content& content) { content.applied.workers[worker.host] = worker; });
}

void FakeStore::erase_worker(const WorkerHost& worker) {
  write("erase_worker " + worker.str(), [&](Content& content) {
    content.applied.workers.erase(worker);
    std::erase_if(content.applied.forgotten, [&](const auto& one) { return one.first.worker == worker; });
  });
}

void FakeStore::put_epoch(std::uint64_t epoch, std::uint64_t last_seq) {
  write("put_epoch " + std::to_string(epoch), [&](Content& content) {
    content.applied.epoch = std::max(content.applied.epoch, epoch);
    content.applied.last_seq = std::max(content.applied.last_seq, last_seq);
  });
}

std::int64_t FakeStore::put_pass(const PassRecord& pass) {
  PassRecord record = pass;
  write("put_pass " + pass.state, [&](Content& content) {
    if (record.id == 0) record.id = content.next_pass++;
    content.passes[record.id] = record;
  });
  return record.id;
}

std::vector<PassRecord> FakeStore::passes(std::size_t limit) {
  std::vector<PassRecord> out;
  const Content& content = read();
  for (auto it = content.passes.rbegin(); it != content.passes.rend() && out.size() < limit; ++it) {
    out.push_back(it->second);
  }
  return out;
}

void FakeStore::put_note(const NoteSection& note) {
  write("put_note " + note.commit.str(), [&](Content& content) {
    std::erase_if(content.notes, [&](const NoteSection& n) { return n.commit == note.commit; });
    content.notes.push_back(note);
  });
}

std::vector<NoteSection> FakeStore::pending_notes() { return read().notes; }

void FakeStore::drop_note(const NoteSection& note) {
  write("drop_note " + note.commit.str(), [&](Content& content) {
    std::erase_if(content.notes, [&](const NoteSection& n) {
      return n.commit == note.commit && n.text == note.text && n.json == note.json;
    });
  });
}

std::int64_t FakeStore::put_letter(const Letter& letter) {
  Letter kept = letter;
  write("put_letter " + letter.channel + " " + letter.subject, [&](Content& content) {
    std::erase_if(content.letters, [&](const auto& known) {
      return known.second.channel == letter.channel && known.second.subject == letter.subject;
    });
    kept.id = content.next_letter++;
    content.letters[kept.id] = kept;
  });
  return kept.id;
}

std::vector<Letter> FakeStore::pending_letters() {
  std::vector<Letter> out;
  for (const auto& [id, letter] : read().letters) out.push_back(letter);
  return out;
}

void FakeStore::postpone_letter(const Letter& letter) {
  write("postpone_letter " + letter.channel + " " + letter.subject, [&](Content& content) {
    const auto known = content.letters.find(letter.id);
    if (known == content.letters.end()) return;
    known->second.refusals = letter.refusals;
    known->second.not_before = letter.not_before;
  });
}

void FakeStore::drop_letter(std::int64_t id) {
  write("drop_letter", [&](Content& content) { content.letters.erase(id); });
}

void FakeStore::audit(const AuditRecord& record) {
  write("audit " + record.action, [&](Content& content) { content.audits.push_back(record); });
}

std::vector<AuditRecord> FakeStore::audits(std::size_t limit) {
  const Content& content = read();
  const std::size_t count = std::min(limit, content.audits.size());
  return {content.audits.rbegin(), content.audits.rbegin() + static_cast<std::ptrdiff_t>(count)};
}

std::optional<std::string> FakeStore::setting(const std::string& key) {
  const Content& content = read();
  const auto it = content.settings.find(key);
  if (it == content.settings.end()) return std::nullopt;
  return it->second;
}

void FakeStore::put_setting(const std::string& key, const std::string& value) {
  write("put_setting " + key, [&](Content& content) { content.settings[key] = value; });
}

}  // namespace maand
