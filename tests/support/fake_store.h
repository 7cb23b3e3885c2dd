// A Store in memory that can be told to fail, and forgets what was not synced
// when it crashes. Passes tests/contract/store_contract.h like the real one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"

namespace maand {

class FakeStore : public Store {
 public:
  // Where a failing write fails. All throw StoreError.
  enum class Fail {
    kBeforeWrite,  // nothing was written (disk full, locked)
    kBeforeSync,   // written, not durable: gone after the error, as after a crash
    kAfterSync,    // durable although the caller was told it failed
  };

  // The next write, or every write until heal(), fails. Reads fail only with kBeforeWrite.
  void fail_next(Fail where);
  void fail_all(Fail where);
  void heal();
  // Called before every write with its name; may throw or record. Empty: none.
  std::function<void(const std::string& call)> before_write;
  // The same when it is durable.
  std::function<void(const std::string& call)> after_write;

  // The process dies and comes back: only what was synced is left.
  void crash();
  // The same, and what makes it fail goes on.
  void forget_unsynced() { written_ = synced_; }
  // The file is gone; nobody has it open.
  void lose() { written_ = synced_ = {}; }
  // A backup as of now, and its return.
  std::function<void()> backup() {
    return [this, copy = synced_] { written_ = synced_ = copy; };
  }

  // Every write that was asked for, in order: `begin api@w1,db@w2`, `settle …`, `put_pass`, …
  std::vector<std::string> calls;

  AppliedState load() override;
  void begin(const std::vector<AppliedAllocation>& torn, std::uint64_t last_seq) override;
  void settle(const std::vector<AppliedAllocation>& settled, const Forgotten& gone,
              std::uint64_t claimed_seq) override;
  void put_job(const JobRecord& job) override;
  void erase_job(const JobName& job) override;
  void put_heads(const CommitId& head, const CommitId& applied) override;
  void put_ports(const PortTable& ports) override;
  void put_worker(const WorkerRecord& worker) override;
  void erase_worker(const WorkerHost& worker) override;
  void put_epoch(std::uint64_t epoch, std::uint64_t last_seq) override;
  std::int64_t put_pass(const PassRecord& pass) override;
  std::vector<PassRecord> passes(std::size_t limit) override;
  void put_note(const NoteSection& note) override;
  std::vector<NoteSection> pending_notes() override;
  void drop_note(const NoteSection& note) override;
  std::int64_t put_letter(const Letter& letter) override;
  std::vector<Letter> pending_letters() override;
  void postpone_letter(const Letter& letter) override;
  void drop_letter(std::int64_t id) override;
  void audit(const AuditRecord& record) override;
  std::vector<AuditRecord> audits(std::size_t limit) override;
  std::optional<std::string> setting(const std::string& key) override;
  void put_setting(const std::string& key, const std::string& value) override;

 private:
  struct Content {
    AppliedState applied;
    std::map<std::int64_t, PassRecord> passes;
    std::int64_t next_pass = 1;
    std::vector<NoteSection> notes;
    std::map<std::int64_t, Letter> letters;
    std::int64_t next_letter = 1;
    std::vector<AuditRecord> audits;
    std::map<std::string, std::string> settings;
  };
  void write(const std::string& call, const std::function<void(Content&)>& change);
  const Content& read();

  Content written_;
  Content synced_;
  std::optional<Fail> fail_;
  bool fail_once_ = false;
};

}  // namespace maand
