// A `maand.db` as the original makes it (workspace.md 0.2), for tests of adoption.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace SQLite {
class Database;
}

namespace maand::testing {

class OriginalDatabaseFile {
 public:
  // A new one with empty tables; or, with `existing`, one that is there.
  explicit OriginalDatabaseFile(const std::filesystem::path& path, bool existing = false);
  ~OriginalDatabaseFile();

  void exec(const std::string& sql);
  void run(const std::string& sql, const std::vector<std::string>& values);

  void bucket(const std::string& id, int update_seq);
  void worker(const std::string& ip, const std::string& id);
  void job(const std::string& name, const std::string& version);
  void port(const std::string& job, const std::string& name, int number);
  void file(const std::string& job, const std::string& path);
  void allocation(const std::string& job, const std::string& ip, const std::string& version);
  // Staged and promoted; `files` with their texts.
  void deployed(const std::string& job, const std::string& ip, const std::string& version,
                const std::map<std::string, std::string>& files);
  void value(const std::string& ns, const std::string& key, const std::string& value, int version = 1,
             bool deleted = false);

 private:
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace maand::testing
