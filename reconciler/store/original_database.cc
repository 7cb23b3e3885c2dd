#include "reconciler/store/original_database.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "reconciler/core/names.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr int kBusyMs = 5000;
constexpr std::string_view kSecrets = "secrets/job/";

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw StoreError(path.string() + " " + what);
}

// Schema numbers 2 to 4 were given up again; `init` of the original brings them to 1.
void require_schema(SQLite::Database& database, const std::filesystem::path& path) {
  if (!database.tableExists("bucket") || !database.tableExists("allocations"))
    refuse(path, "is not the database of a maand bucket: name the bucket's directory with --bucket");
  if (!database.tableExists("schema_version"))
    refuse(path,
           "tells no schema version: run `maand init` of the newest original maand in this bucket once, "
           "then adopt it");
  SQLite::Statement row(database, "SELECT version FROM schema_version WHERE id = 1");
  const int version = row.executeStep() ? row.getColumn(0).getInt() : 0;
  if (version == kOriginalSchema) return;
  if (version > 4)
    refuse(path, "has schema " + std::to_string(version) + ", which is newer than this maand knows (" +
                     std::to_string(kOriginalSchema) + "): adopt it with a newer maand");
  refuse(path, "has schema " + std::to_string(version) + " and not " + std::to_string(kOriginalSchema) +
                   ": run `maand init` of the newest original maand in this bucket once, then adopt it");
}

std::string text_at(SQLite::Statement& row, int column) {
  const SQLite::Column cell = row.getColumn(column);
  return cell.isNull() ? std::string() : cell.getString();
}

// Numbers of the original are columns of any type.
bool flag_at(SQLite::Statement& row, int column) {
  const std::string text = text_at(row, column);
  return !text.empty() && text != "0" && !equal_fold(text, "false");
}

std::string version_at(SQLite::Statement& row, int column) {
  const std::string text(trim(text_at(row, column)));
  return text.empty() || equal_fold(text, "unknown") ? "0.0.0" : text;
}

bool is_md5(const std::string& text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// {"Makefile": "<md5>", …}. Anything else is no list.
Md5ByPath manifest_from(const std::string& text) {
  Md5ByPath out;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return out;
  for (const auto& [path, sum] : json.items()) {
    if (!sum.is_string() || !is_md5(sum.get<std::string>()) || path_problem(path)) continue;
    out[path] = sum.get<std::string>();
  }
  return out;
}

class Reader {
 public:
  Reader(SQLite::Database& database, OriginalBucket& out) : database_(database), out_(out) {}

  void run() {
    read_bucket();
    read_workers();
    read_allocations();
    read_ports();
    read_files();
    read_values();
  }

 private:
  void read_bucket() {
    SQLite::Statement row(database_, "SELECT bucket_id, update_seq FROM bucket");
    if (row.executeStep()) {
      out_.bucket_id = text_at(row, 0);
      out_.update_seq = row.getColumn(1).getInt64();
    }
    if (out_.bucket_id.empty())
      out_.problems.push_back("it has no bucket_id: nothing was ever deployed with it");
  }

  void read_workers() {
    SQLite::Statement row(database_, "SELECT worker_ip, worker_id FROM worker ORDER BY worker_ip");
    while (row.executeStep()) {
      const std::string host = text_at(row, 0);
      if (known_host(host)) out_.workers[WorkerHost(host)] = text_at(row, 1);
    }
  }

  void read_allocations() {
    SQLite::Statement row(database_,
                          "SELECT a.job, a.worker_ip, a.alloc_id, a.disabled, a.removed, a.new_version,"
                          " h.current_hash, h.previous_hash, h.current_files, h.previous_files,"
                          " h.current_version FROM allocations a LEFT JOIN hash h"
                          " ON h.namespace = a.job || '_allocation' AND h.key = a.alloc_id"
                          " ORDER BY a.job, a.worker_ip");
    while (row.executeStep()) {
      const std::string job = text_at(row, 0);
      const std::string host = text_at(row, 1);
      const std::string current = text_at(row, 6);
      const std::string previous = text_at(row, 7);
      if (!known_job(job) || !known_host(host)) continue;
      OriginalAllocation one;
      one.key = {JobName(job), WorkerHost(host)};
      one.id = text_at(row, 2);
      one.disabled = flag_at(row, 3);
      one.removed = flag_at(row, 4);
      one.new_version = version_at(row, 5);
      one.known = !row.getColumn(6).isNull();
      one.promoted = !previous.empty();
      one.pending = one.known && current != previous;
      one.staged_files = manifest_from(text_at(row, 8));
      one.promoted_files = manifest_from(text_at(row, 9));
      one.current_version = version_at(row, 10);
      out_.allocations.push_back(std::move(one));
    }
    std::sort(out_.allocations.begin(), out_.allocations.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
  }

  void read_ports() {
    SQLite::Statement row(database_,
                          "SELECT j.name, p.name, p.port FROM job_ports p JOIN job j ON j.job_id = p.job_id");
    while (row.executeStep()) {
      const std::string job = text_at(row, 0);
      const std::string name(trim(text_at(row, 1)));
      const int port = row.getColumn(2).getInt();
      if (is_job_name(job) && is_port_name(name) && port >= 1 && port <= 65535)
        out_.ports[JobName(job)][name] = port;
    }
  }

  void read_files() {
    SQLite::Statement row(
        database_, "SELECT j.name, f.path, f.isdir FROM job_files f JOIN job j ON j.job_id = f.job_id");
    while (row.executeStep()) {
      const std::string job = text_at(row, 0);
      const std::string path = text_at(row, 1);  // `<job>/<path>`
      if (flag_at(row, 2) || !is_job_name(job) || !path.starts_with(job + "/")) continue;
      std::string rest = path.substr(job.size() + 1);
      if (!path_problem(rest)) out_.built_files[JobName(job)].push_back(std::move(rest));
    }
  }

  // The highest version of a key is its value (6.3).
  void read_values() {
    SQLite::Statement row(database_,
                          "SELECT namespace, key, value, deleted FROM key_value"
                          " ORDER BY namespace, key, CAST(version AS INTEGER) DESC");
    std::string last_ns;
    std::string last_key;
    while (row.executeStep()) {
      OriginalValue value{text_at(row, 0), text_at(row, 1), text_at(row, 2), false};
      if (value.ns == last_ns && value.key == last_key) continue;
      last_ns = value.ns;
      last_key = value.key;
      value.sealed = value.ns.starts_with(kSecrets);
      if (!flag_at(row, 3)) out_.values.push_back(std::move(value));
    }
  }

  bool known_job(const std::string& name) {
    if (is_job_name(name)) return true;
    tell("the job " + quote(name) + " has a name that maand does not allow: " + kJobNameGrammar);
    return false;
  }

  bool known_host(const std::string& host) {
    if (is_host(host)) return true;
    tell("the worker " + quote(host) + " is neither an address nor a name: " + kHostGrammar);
    return false;
  }

  void tell(const std::string& problem) {
    if (told_.insert(problem).second)
      out_.problems.push_back(problem + "; rename it and deploy that with the original first");
  }

  SQLite::Database& database_;
  OriginalBucket& out_;
  std::set<std::string> told_;
};

// Does another process hold a lock on one byte of that file?
bool is_locked(const std::filesystem::path& path, off_t byte) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  const bool locked = ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
  ::close(file);
  return locked;
}

}  // namespace

OriginalBucket read_original_database(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path))
    refuse(path, "is not there: this is no bucket of an original maand; make one with `maand init`");
  OriginalBucket out;
  try {
    SQLite::Database database(path.string(), SQLite::OPEN_READONLY, kBusyMs);
    database.exec("BEGIN");
    require_schema(database, path);
    Reader(database, out).run();
  } catch (const SQLite::Exception& error) {
    refuse(path,
           std::string("cannot be read as a database of schema 1 of the original maand: ") + error.what() +
               "; run `maand init` of the newest original maand in this bucket once, or restore the file "
               "from a backup");
  }
  return out;
}

bool original_is_at_work(const std::filesystem::path& path) {
  // https://www.sqlite.org/src/file/src/wal.c: WAL_WRITE_LOCK; os.h: RESERVED_BYTE.
  constexpr off_t kWalWriteLock = 120;
  constexpr off_t kReservedByte = 0x40000000 + 1;
  std::filesystem::path shared = path;
  return is_locked(shared += "-shm", kWalWriteLock) || is_locked(path, kReservedByte);
}

}  // namespace maand
