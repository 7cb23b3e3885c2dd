#include "reconciler/store/state_store.h"

#include <SQLiteCpp/Transaction.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "reconciler/store/applied_rows.h"
#include "reconciler/store/forgotten_rows.h"
#include "reconciler/store/healing_file.h"
#include "reconciler/store/sqlite_handles.h"
#include "reconciler/store/worker_rows.h"

namespace maand {
namespace {

class StateStore : public Store {
 public:
  StateStore(std::filesystem::path path, StateStoreOptions options, bool read_only)
      : file_(std::move(path), current_schema(), options.busy_timeout, read_only) {
    read([](SqliteFile&) {});  // a problem is told at start, not at the first pass
  }

  AppliedState load() override {
    return read([](SqliteFile& file) {
      SQLite::Transaction snapshot(file.database());  // several selects, one moment
      AppliedState state;
      SQLite::Statement& select =
          file.prepared("SELECT head, applied, last_seq, epoch, claimed_seq FROM bucket WHERE id = 1");
      if (!select.executeStep())
        throw StoreError("the state file lacks its bucket row; restore a backup: maand restore");
      Columns row(select);
      state.head = CommitId(row.text());
      state.applied = CommitId(row.text());
      state.last_seq = static_cast<std::uint64_t>(row.integer());
      state.epoch = static_cast<std::uint64_t>(row.integer());
      state.claimed_seq = static_cast<std::uint64_t>(row.integer());
      select.reset();
      read_applied(file, state);
      return state;
    });
  }

  void begin(const std::vector<AppliedAllocation>& torn, std::uint64_t last_seq) override {
    write([&](SqliteFile& file) {
      for (const AppliedAllocation& allocation : torn) write_allocation(file, allocation);
      SQLite::Statement& raise = file.prepared("UPDATE bucket SET last_seq = max(last_seq, ?) WHERE id = 1");
      Bindings(raise).integer(static_cast<std::int64_t>(last_seq));
      raise.exec();
    });
  }

  void settle(const std::vector<AppliedAllocation>& settled, const Forgotten& gone,
              std::uint64_t claimed_seq) override {
    write([&](SqliteFile& file) {
      for (const AppliedAllocation& allocation : settled) write_allocation(file, allocation);
      for (const auto& [key, ran_seq] : gone) erase_allocation(file, key);
      write_forgotten(file, gone);
      SQLite::Statement& raise =
          file.prepared("UPDATE bucket SET claimed_seq = ?1 WHERE id = 1 AND claimed_seq < ?1");
      Bindings(raise).integer(static_cast<std::int64_t>(claimed_seq));
      raise.exec();
    });
  }

  void put_job(const JobRecord& job) override {
    write([&](SqliteFile& file) { write_job(file, job); });
  }

  void erase_job(const JobName& job) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& erase = file.prepared("DELETE FROM jobs WHERE job = ?");
      Bindings(erase).text(job.str());
      erase.exec();
    });
  }

  void put_heads(const CommitId& head, const CommitId& applied) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& update = file.prepared("UPDATE bucket SET head = ?, applied = ? WHERE id = 1");
      Bindings(update).text(head.str()).text(applied.str());
      update.exec();
    });
  }

  void put_ports(const PortTable& ports) override {
    write([&](SqliteFile& file) { write_ports(file, ports); });
  }

  void put_worker(const WorkerRecord& worker) override {
    write([&](SqliteFile& file) { write_worker(file, worker); });
  }

  void erase_worker(const WorkerHost& worker) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& erase = file.prepared("DELETE FROM workers WHERE host = ?");
      Bindings(erase).text(worker.str());
      erase.exec();
      erase_forgotten(file, worker);
    });
  }

  void put_epoch(std::uint64_t epoch, std::uint64_t last_seq) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& raise =
          file.prepared("UPDATE bucket SET epoch = max(epoch, ?), last_seq = max(last_seq, ?) WHERE id = 1");
      Bindings(raise).integer(static_cast<std::int64_t>(epoch)).integer(static_cast<std::int64_t>(last_seq));
      raise.exec();
    });
  }

  std::int64_t put_pass(const PassRecord& pass) override {
    return write([&](SqliteFile& file) {
      SQLite::Statement& put = file.prepared(
          "INSERT OR REPLACE INTO passes (id, commit_id, state, cause, started_at_ns, finished_at_ns, "
          "summary, json)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
      Bindings row(put);
      if (pass.id == 0) {
        row.null();
      } else {
        row.integer(pass.id);
      }
      row.text(pass.commit.str()).text(pass.state).text(pass.cause);
      row.integer(ns_of(pass.started_at)).integer(ns_of(pass.finished_at)).text(pass.summary).text(pass.json);
      put.exec();
      const std::int64_t id = pass.id == 0 ? file.database().getLastInsertRowid() : pass.id;
      SQLite::Statement& trim = file.prepared("DELETE FROM passes WHERE id <= ?");
      Bindings(trim).integer(id - kKeptPasses);
      trim.exec();
      collect_file_sets(file);  // once per pass is often enough
      return id;
    });
  }

  std::vector<PassRecord> passes(std::size_t limit) override {
    return read([&](SqliteFile& file) {
      std::vector<PassRecord> out;
      SQLite::Statement& select = file.prepared(
          "SELECT id, commit_id, state, cause, started_at_ns, finished_at_ns, summary, json FROM passes"
          " ORDER BY id DESC LIMIT ?");
      Bindings(select).integer(static_cast<std::int64_t>(limit));
      while (select.executeStep()) {
        Columns row(select);
        PassRecord pass;
        pass.id = row.integer();
        pass.commit = CommitId(row.text());
        pass.state = row.text();
        pass.cause = row.text();
        pass.started_at = wall_from_ns(row.integer());
        pass.finished_at = wall_from_ns(row.integer());
        pass.summary = row.text();
        pass.json = row.text();
        out.push_back(std::move(pass));
      }
      select.reset();
      return out;
    });
  }

  void put_note(const NoteSection& note) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& put =
          file.prepared("INSERT OR REPLACE INTO notes (commit_id, text, json) VALUES (?, ?, ?)");
      Bindings(put).text(note.commit.str()).text(note.text).text(note.json);
      put.exec();
    });
  }

  std::vector<NoteSection> pending_notes() override {
    return read([&](SqliteFile& file) {
      std::vector<NoteSection> out;
      SQLite::Statement& select = file.prepared("SELECT commit_id, text, json FROM notes ORDER BY position");
      while (select.executeStep()) {
        Columns row(select);
        NoteSection note;
        note.commit = CommitId(row.text());
        note.text = row.text();
        note.json = row.text();
        out.push_back(std::move(note));
      }
      select.reset();
      return out;
    });
  }

  void drop_note(const NoteSection& note) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& drop =
          file.prepared("DELETE FROM notes WHERE commit_id = ? AND text = ? AND json = ?");
      Bindings(drop).text(note.commit.str()).text(note.text).text(note.json);
      drop.exec();
    });
  }

  std::int64_t put_letter(const Letter& letter) override {
    return write([&](SqliteFile& file) {
      SQLite::Statement& put = file.prepared(
          "INSERT OR REPLACE INTO letters (channel, subject, json, created_at_ns, refusals, not_before_ns)"
          " VALUES (?, ?, ?, ?, ?, ?)");
      Bindings row(put);
      row.text(letter.channel).text(letter.subject).text(letter.json).integer(ns_of(letter.created_at));
      row.integer(letter.refusals).integer(ns_of(letter.not_before));
      put.exec();
      return static_cast<std::int64_t>(file.database().getLastInsertRowid());
    });
  }

  std::vector<Letter> pending_letters() override {
    return read([&](SqliteFile& file) {
      std::vector<Letter> out;
      SQLite::Statement& select = file.prepared(
          "SELECT id, channel, subject, json, created_at_ns, refusals, not_before_ns FROM letters"
          " ORDER BY id");
      while (select.executeStep()) {
        Columns row(select);
        Letter letter;
        letter.id = row.integer();
        letter.channel = row.text();
        letter.subject = row.text();
        letter.json = row.text();
        letter.created_at = wall_from_ns(row.integer());
        letter.refusals = static_cast<int>(row.integer());
        letter.not_before = wall_from_ns(row.integer());
        out.push_back(std::move(letter));
      }
      select.reset();
      return out;
    });
  }

  void postpone_letter(const Letter& letter) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& update =
          file.prepared("UPDATE letters SET refusals = ?, not_before_ns = ? WHERE id = ?");
      Bindings(update).integer(letter.refusals).integer(ns_of(letter.not_before)).integer(letter.id);
      update.exec();
    });
  }

  void drop_letter(std::int64_t id) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& drop = file.prepared("DELETE FROM letters WHERE id = ?");
      Bindings(drop).integer(id);
      drop.exec();
    });
  }

  void audit(const AuditRecord& record) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& add =
          file.prepared("INSERT INTO audit (at_ns, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)");
      Bindings(add)
          .integer(ns_of(record.at))
          .text(record.actor)
          .text(record.action)
          .text(record.subject)
          .text(record.detail);
      add.exec();
    });
  }

  std::vector<AuditRecord> audits(std::size_t limit) override {
    return read([&](SqliteFile& file) {
      std::vector<AuditRecord> out;
      SQLite::Statement& select =
          file.prepared("SELECT at_ns, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?");
      Bindings(select).integer(static_cast<std::int64_t>(limit));
      while (select.executeStep()) {
        Columns row(select);
        AuditRecord record;
        record.at = wall_from_ns(row.integer());
        record.actor = row.text();
        record.action = row.text();
        record.subject = row.text();
        record.detail = row.text();
        out.push_back(std::move(record));
      }
      select.reset();
      return out;
    });
  }

  std::optional<std::string> setting(const std::string& key) override {
    return read([&](SqliteFile& file) -> std::optional<std::string> {
      SQLite::Statement& select = file.prepared("SELECT value FROM settings WHERE key = ?");
      Bindings(select).text(key);
      std::optional<std::string> value;
      if (select.executeStep()) value = Columns(select).text();
      select.reset();
      return value;
    });
  }

  void put_setting(const std::string& key, const std::string& value) override {
    write([&](SqliteFile& file) {
      SQLite::Statement& put = file.prepared("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)");
      Bindings(put).text(key).text(value);
      put.exec();
    });
  }

 private:
  template <class Work>
  std::invoke_result_t<Work&, SqliteFile&> read(Work work) {
    return file_.read(std::move(work));
  }
  template <class Work>
  std::invoke_result_t<Work&, SqliteFile&> write(Work work) {
    return file_.write(std::move(work));
  }

  HealingFile file_;
};

}  // namespace

std::unique_ptr<Store> open_state_store(const std::filesystem::path& path, const StateStoreOptions& options) {
  return std::make_unique<StateStore>(path, options, false);
}

std::unique_ptr<Store> open_state_store_readonly(const std::filesystem::path& path,
                                                 const StateStoreOptions& options) {
  return std::make_unique<StateStore>(path, options, true);
}

}  // namespace maand
