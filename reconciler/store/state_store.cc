#include "reconciler/store/state_store.h"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "reconciler/store/applied_rows.h"
#include "reconciler/store/forgotten_rows.h"
#include "reconciler/store/healing_file.h"
#include "reconciler/store/session_stores.h"
#include "reconciler/store/sql_session.h"
#include "reconciler/store/worker_rows.h"

namespace maand {
namespace {

// `sql` raises a number that never falls.
void raise_number(SqlSession& session, const char* sql, std::uint64_t number) {
  SqlStatement& raise = session.prepared(sql);
  Bindings(raise).integer(static_cast<std::int64_t>(number));
  raise.exec();
}

// Runs an INSERT … RETURNING id.
std::int64_t inserted_id(SqlStatement& insert) {
  insert.step();
  const std::int64_t id = insert.integer(0);
  insert.step();  // to its end
  insert.reset();
  return id;
}

void bind_pass(Bindings& row, const PassRecord& pass) {
  row.text(pass.commit.str()).text(pass.state).text(pass.cause);
  row.integer(ns_of(pass.started_at)).integer(ns_of(pass.finished_at)).text(pass.summary).text(pass.json);
}

std::int64_t append_pass(SqlSession& session, const PassRecord& pass) {
  SqlStatement& insert = session.prepared(
      "INSERT INTO passes (commit_id, state, cause, started_at_ns, finished_at_ns, summary, json)"
      " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id");
  Bindings row(insert);
  bind_pass(row, pass);
  return inserted_id(insert);
}

std::int64_t replace_pass(SqlSession& session, const PassRecord& pass) {
  SqlStatement& upsert = session.prepared(
      "INSERT INTO passes (id, commit_id, state, cause, started_at_ns, finished_at_ns, summary, json)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET commit_id = excluded.commit_id, state = excluded.state,"
      " cause = excluded.cause, started_at_ns = excluded.started_at_ns,"
      " finished_at_ns = excluded.finished_at_ns, summary = excluded.summary, json = excluded.json");
  Bindings row(upsert);
  row.integer(pass.id);
  bind_pass(row, pass);
  upsert.exec();
  return pass.id;
}

class StateStore : public Store {
 public:
  explicit StateStore(std::unique_ptr<HealingSession> session) : session_(std::move(session)) {
    read([](SqlSession&) {});  // a problem is told at start, not at the first pass
  }

  AppliedState load() override {
    return read([](SqlSession& session) {
      SqlTransaction moment(session, SqlTransaction::Kind::kMoment);
      AppliedState state;
      SqlStatement& select =
          session.prepared("SELECT head, applied, last_seq, epoch, claimed_seq FROM bucket WHERE id = 1");
      if (!select.step())
        throw StoreError("the state file lacks its bucket row; restore a backup: maand restore");
      Columns row(select);
      state.head = CommitId(row.text());
      state.applied = CommitId(row.text());
      state.last_seq = static_cast<std::uint64_t>(row.integer());
      state.epoch = static_cast<std::uint64_t>(row.integer());
      state.claimed_seq = static_cast<std::uint64_t>(row.integer());
      select.reset();
      read_applied(session, state);
      return state;
    });
  }

  void begin(const std::vector<AppliedAllocation>& torn, std::uint64_t last_seq) override {
    write([&](SqlSession& session) {
      for (const AppliedAllocation& allocation : torn) write_allocation(session, allocation);
      raise_number(session, "UPDATE bucket SET last_seq = ?1 WHERE id = 1 AND last_seq < ?1", last_seq);
    });
  }

  void settle(const std::vector<AppliedAllocation>& settled, const Forgotten& gone,
              std::uint64_t claimed_seq) override {
    write([&](SqlSession& session) {
      for (const AppliedAllocation& allocation : settled) write_allocation(session, allocation);
      for (const auto& [key, ran_seq] : gone) erase_allocation(session, key);
      write_forgotten(session, gone);
      raise_number(session, "UPDATE bucket SET claimed_seq = ?1 WHERE id = 1 AND claimed_seq < ?1",
                   claimed_seq);
    });
  }

  void put_job(const JobRecord& job) override {
    write([&](SqlSession& session) { write_job(session, job); });
  }

  void erase_job(const JobName& job) override {
    write([&](SqlSession& session) {
      SqlStatement& erase = session.prepared("DELETE FROM jobs WHERE job = ?");
      Bindings(erase).text(job.str());
      erase.exec();
    });
  }

  void put_heads(const CommitId& head, const CommitId& applied) override {
    write([&](SqlSession& session) {
      SqlStatement& update = session.prepared("UPDATE bucket SET head = ?, applied = ? WHERE id = 1");
      Bindings(update).text(head.str()).text(applied.str());
      update.exec();
    });
  }

  void put_ports(const PortTable& ports) override {
    write([&](SqlSession& session) { write_ports(session, ports); });
  }

  void put_worker(const WorkerRecord& worker) override {
    write([&](SqlSession& session) { write_worker(session, worker); });
  }

  void erase_worker(const WorkerHost& worker) override {
    write([&](SqlSession& session) {
      SqlStatement& erase = session.prepared("DELETE FROM workers WHERE host = ?");
      Bindings(erase).text(worker.str());
      erase.exec();
      erase_forgotten(session, worker);
    });
  }

  void put_epoch(std::uint64_t epoch, std::uint64_t last_seq) override {
    write([&](SqlSession& session) {
      raise_number(session, "UPDATE bucket SET epoch = ?1 WHERE id = 1 AND epoch < ?1", epoch);
      raise_number(session, "UPDATE bucket SET last_seq = ?1 WHERE id = 1 AND last_seq < ?1", last_seq);
    });
  }

  std::int64_t put_pass(const PassRecord& pass) override {
    return write([&](SqlSession& session) {
      const std::int64_t id = pass.id == 0 ? append_pass(session, pass) : replace_pass(session, pass);
      SqlStatement& trim = session.prepared("DELETE FROM passes WHERE id <= ?");
      Bindings(trim).integer(id - kKeptPasses);
      trim.exec();
      collect_file_sets(session);  // once per pass is often enough
      return id;
    });
  }

  std::vector<PassRecord> passes(std::size_t limit) override {
    return read([&](SqlSession& session) {
      std::vector<PassRecord> out;
      SqlStatement& select = session.prepared(
          "SELECT id, commit_id, state, cause, started_at_ns, finished_at_ns, summary, json FROM passes"
          " ORDER BY id DESC LIMIT ?");
      Bindings(select).integer(static_cast<std::int64_t>(limit));
      while (select.step()) {
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
    write([&](SqlSession& session) {
      SqlStatement& before = session.prepared("DELETE FROM notes WHERE commit_id = ?");
      Bindings(before).text(note.commit.str());
      before.exec();
      SqlStatement& put = session.prepared("INSERT INTO notes (commit_id, text, json) VALUES (?, ?, ?)");
      Bindings(put).text(note.commit.str()).text(note.text).text(note.json);
      put.exec();
    });
  }

  std::vector<NoteSection> pending_notes() override {
    return read([&](SqlSession& session) {
      std::vector<NoteSection> out;
      SqlStatement& select = session.prepared("SELECT commit_id, text, json FROM notes ORDER BY position");
      while (select.step()) {
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
    write([&](SqlSession& session) {
      SqlStatement& drop =
          session.prepared("DELETE FROM notes WHERE commit_id = ? AND text = ? AND json = ?");
      Bindings(drop).text(note.commit.str()).text(note.text).text(note.json);
      drop.exec();
    });
  }

  std::int64_t put_letter(const Letter& letter) override {
    return write([&](SqlSession& session) {
      SqlStatement& before = session.prepared("DELETE FROM letters WHERE channel = ? AND subject = ?");
      Bindings(before).text(letter.channel).text(letter.subject);
      before.exec();
      SqlStatement& put = session.prepared(
          "INSERT INTO letters (channel, subject, json, created_at_ns, refusals, not_before_ns)"
          " VALUES (?, ?, ?, ?, ?, ?) RETURNING id");
      Bindings row(put);
      row.text(letter.channel).text(letter.subject).text(letter.json).integer(ns_of(letter.created_at));
      row.integer(letter.refusals).integer(ns_of(letter.not_before));
      return inserted_id(put);
    });
  }

  std::vector<Letter> pending_letters() override {
    return read([&](SqlSession& session) {
      std::vector<Letter> out;
      SqlStatement& select = session.prepared(
          "SELECT id, channel, subject, json, created_at_ns, refusals, not_before_ns FROM letters"
          " ORDER BY id");
      while (select.step()) {
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
    write([&](SqlSession& session) {
      SqlStatement& update =
          session.prepared("UPDATE letters SET refusals = ?, not_before_ns = ? WHERE id = ?");
      Bindings(update).integer(letter.refusals).integer(ns_of(letter.not_before)).integer(letter.id);
      update.exec();
    });
  }

  void drop_letter(std::int64_t id) override {
    write([&](SqlSession& session) {
      SqlStatement& drop = session.prepared("DELETE FROM letters WHERE id = ?");
      Bindings(drop).integer(id);
      drop.exec();
    });
  }

  void audit(const AuditRecord& record) override {
    write([&](SqlSession& session) {
      SqlStatement& add = session.prepared(
          "INSERT INTO audit (at_ns, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)");
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
    return read([&](SqlSession& session) {
      std::vector<AuditRecord> out;
      SqlStatement& select = session.prepared(
          "SELECT at_ns, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?");
      Bindings(select).integer(static_cast<std::int64_t>(limit));
      while (select.step()) {
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
    return read([&](SqlSession& session) -> std::optional<std::string> {
      SqlStatement& select = session.prepared("SELECT value FROM settings WHERE key = ?");
      Bindings(select).text(key);
      std::optional<std::string> value;
      if (select.step()) value = Columns(select).text();
      select.reset();
      return value;
    });
  }

  void put_setting(const std::string& key, const std::string& value) override {
    write([&](SqlSession& session) {
      SqlStatement& put = session.prepared(
          "INSERT INTO settings (key, value) VALUES (?, ?)"
          " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
      Bindings(put).text(key).text(value);
      put.exec();
    });
  }

 private:
  template <class Work>
  std::invoke_result_t<Work&, SqlSession&> read(Work work) {
    return session_->read(std::move(work));
  }
  template <class Work>
  std::invoke_result_t<Work&, SqlSession&> write(Work work) {
    return session_->write(std::move(work));
  }

  std::unique_ptr<HealingSession> session_;
};

}  // namespace

std::unique_ptr<Store> store_over(std::unique_ptr<HealingSession> session) {
  return std::make_unique<StateStore>(std::move(session));
}

std::unique_ptr<Store> open_state_store(const std::filesystem::path& path, const StateStoreOptions& options) {
  return store_over(std::make_unique<HealingFile>(path, current_schema(), options.busy_timeout, false));
}

std::unique_ptr<Store> open_state_store_readonly(const std::filesystem::path& path,
                                                 const StateStoreOptions& options) {
  return store_over(std::make_unique<HealingFile>(path, current_schema(), options.busy_timeout, true));
}

}  // namespace maand
