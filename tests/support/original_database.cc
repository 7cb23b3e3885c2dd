#include "tests/support/original_database.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "reconciler/core/md5.h"
#include "reconciler/core/worker_files.h"

namespace maand::testing {
namespace {

constexpr const char* kSchema = R"(
PRAGMA journal_mode=WAL;
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

std::string manifest(const std::map<std::string, std::string>& files) {
  std::string out = "{";
  for (const auto& [path, text] : files)
    out += (out.size() > 1 ? ", \"" : "\"") + path + "\": \"" + md5_hex(text) + "\"";
  return out + "}";
}

std::string id_of(const std::string& job, const std::string& ip) { return derived_id(job + "|" + ip); }

}  // namespace

OriginalDatabaseFile::OriginalDatabaseFile(const std::filesystem::path& path, bool existing)
    : database_(std::make_unique<SQLite::Database>(path.string(),
                                                   SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000)) {
  if (!existing) exec(kSchema);
}

OriginalDatabaseFile::~OriginalDatabaseFile() = default;

void OriginalDatabaseFile::exec(const std::string& sql) { database_->exec(sql); }

void OriginalDatabaseFile::run(const std::string& sql, const std::vector<std::string>& values) {
  SQLite::Statement statement(*database_, sql);
  int at = 0;
  for (const std::string& value : values) statement.bind(++at, value);
  statement.exec();
}

void OriginalDatabaseFile::bucket(const std::string& id, int update_seq) {
  run("INSERT INTO bucket VALUES (?, ?)", {id, std::to_string(update_seq)});
}
void OriginalDatabaseFile::worker(const std::string& ip, const std::string& id) {
  run("INSERT INTO worker VALUES (?, ?, '0', '0', 0)", {id, ip});
}
void OriginalDatabaseFile::job(const std::string& name, const std::string& version) {
  run("INSERT INTO job VALUES (?, ?, ?)", {derived_id(name), name, version});
}
void OriginalDatabaseFile::port(const std::string& job, const std::string& name, int number) {
  run("INSERT INTO job_ports VALUES (?, ?, ?)", {derived_id(job), name, std::to_string(number)});
}
void OriginalDatabaseFile::file(const std::string& job, const std::string& path) {
  run("INSERT INTO job_files VALUES (?, ?, '', 0)", {derived_id(job), job + "/" + path});
}
void OriginalDatabaseFile::allocation(const std::string& job, const std::string& ip,
                                      const std::string& version) {
  run("INSERT INTO allocations VALUES (?, ?, ?, 0, 0, 0, ?)", {id_of(job, ip), ip, job, version});
}
void OriginalDatabaseFile::deployed(const std::string& job, const std::string& ip, const std::string& version,
                                    const std::map<std::string, std::string>& files) {
  const std::string list = manifest(files);
  run("INSERT INTO hash VALUES (?, ?, ?, ?, ?, ?, ?)",
      {job + "_allocation", id_of(job, ip), md5_hex(list), md5_hex(list), list, list, version});
}
void OriginalDatabaseFile::value(const std::string& ns, const std::string& key, const std::string& value,
                                 int version, bool deleted) {
  run("INSERT INTO key_value VALUES (?, ?, ?, ?, '', '0', ?)",
      {key, value, ns, std::to_string(version), deleted ? "1" : "0"});
}

}  // namespace maand::testing
