// A `maand.db` as the original makes it (workspace.md 0.2), for tests of adoption.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <filesystem>
#include <map>
#include <string>

#include "reconciler/core/md5.h"
#include "reconciler/core/worker_files.h"

namespace maand::testing {

inline constexpr const char* kOriginalSchemaSql = R"(
CREATE TABLE schema_version (id INTEGER PRIMARY KEY, version INTEGER);
INSERT INTO schema_version VALUES (1, 1);
CREATE TABLE bucket (bucket_id TEXT, update_seq INT);
CREATE TABLE worker (worker_id TEXT, worker_ip TEXT PRIMARY KEY, available_memory_mb TEXT,
                     available_cpu_mhz TEXT, position INT);
CREATE TABLE worker_labels (worker_id TEXT, label TEXT);
CREATE TABLE worker_tags (worker_id TEXT, key TEXT, value TEXT);
CREATE TABLE allocations (alloc_id TEXT, worker_ip TEXT, job TEXT, disabled INT, removed INT,
                          deployment_seq INT, new_version TEXT, PRIMARY KEY (worker_ip, job));
CREATE TABLE job (job_id TEXT, name TEXT PRIMARY KEY, version TEXT);
CREATE TABLE job_selectors (job_id TEXT, selector TEXT);
CREATE TABLE job_ports (job_id TEXT, name TEXT, port INT);
CREATE TABLE job_files (job_id TEXT, path TEXT, content BLOB, isdir INT);
CREATE TABLE key_value (key TEXT, value TEXT, namespace TEXT, version INT, ttl TEXT, created_date TEXT,
                        deleted INT);
CREATE TABLE hash (namespace TEXT, key TEXT, current_hash TEXT, previous_hash TEXT, current_files TEXT,
                   previous_files TEXT, current_version TEXT, PRIMARY KEY (namespace, key));
)";

class OriginalDatabaseFile {
 public:
  explicit OriginalDatabaseFile(const std::filesystem::path& path)
      : database_(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000) {
    database_.exec("PRAGMA journal_mode=WAL");
    database_.exec(kOriginalSchemaSql);
  }

  SQLite::Database& database() { return database_; }
  // One that is there already.
  static SQLite::Database open(const std::filesystem::path& path) {
    return SQLite::Database(path.string(), SQLite::OPEN_READWRITE, 5000);
  }

  template <class... Values>
  void run(const std::string& sql, const Values&... values) {
    SQLite::Statement statement(database_, sql);
    int at = 0;
    (statement.bind(++at, values), ...);
    statement.exec();
  }

  void bucket(const std::string& id, int update_seq) {
    run("INSERT INTO bucket VALUES (?, ?)", id, update_seq);
  }
  void worker(const std::string& ip, const std::string& id) {
    run("INSERT INTO worker VALUES (?, ?, '0', '0', 0)", id, ip);
  }
  void job(const std::string& name, const std::string& version) {
    run("INSERT INTO job VALUES (?, ?, ?)", derived_id(name), name, version);
  }
  void port(const std::string& job, const std::string& name, int number) {
    run("INSERT INTO job_ports VALUES (?, ?, ?)", derived_id(job), name, number);
  }
  void file(const std::string& job, const std::string& path) {
    run("INSERT INTO job_files VALUES (?, ?, '', 0)", derived_id(job), job + "/" + path);
  }
  void allocation(const std::string& job, const std::string& ip, const std::string& version,
                  bool disabled = false, bool removed = false) {
    run("INSERT INTO allocations VALUES (?, ?, ?, ?, ?, 0, ?)", derived_id(job + "|" + ip), ip, job,
        disabled ? 1 : 0, removed ? 1 : 0, version);
  }
  // Staged and promoted; `files` with their texts.
  void deployed(const std::string& job, const std::string& ip, const std::string& version,
                const std::map<std::string, std::string>& files) {
    const std::string list = manifest(files);
    run("INSERT INTO hash VALUES (?, ?, ?, ?, ?, ?, ?)", job + "_allocation", derived_id(job + "|" + ip),
        md5_hex(list), md5_hex(list), list, list, version);
  }
  void value(const std::string& ns, const std::string& key, const std::string& value, int version = 1,
             bool deleted = false) {
    run("INSERT INTO key_value VALUES (?, ?, ?, ?, '', '0', ?)", key, value, ns, version, deleted ? 1 : 0);
  }

  static std::string manifest(const std::map<std::string, std::string>& files) {
    std::string out = "{";
    for (const auto& [path, text] : files)
      out += (out.size() > 1 ? ", \"" : "\"") + path + "\": \"" + md5_hex(text) + "\"";
    return out + "}";
  }

 private:
  SQLite::Database database_;
};

}  // namespace maand::testing
