#include "reconciler/cli/restored_secrets.h"

#include <algorithm>
#include <initializer_list>

#include "reconciler/core/ports.h"
#include "reconciler/store/database_copy.h"
#include "reconciler/store/key_match.h"
#include "reconciler/store/kv_store.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

fs::path with(fs::path path, const std::string& end) { return path += end; }

// Every file that means something only together with kv.key and kv.db. `end` comes before the ends of a
// database's companions, which are found by its name.
std::vector<fs::path> family(const fs::path& directory, const std::string& end = "") {
  std::vector<fs::path> out;
  for (const char* key : {"", ".previous", ".next"})
    out.push_back(with(directory / kSecretKeyFile, key + end));
  for (const char* companion : {"", "-wal", "-shm"})
    out.push_back(with(directory / kKvFile, end + companion));
  return out;
}

void move_aside(const fs::path& directory, std::vector<std::string>& moved) {
  std::string end = ".before-restore";
  const auto taken = [&] {
    const std::vector<fs::path> names = family(directory, end);
    return std::any_of(names.begin(), names.end(), [](const fs::path& one) { return fs::exists(one); });
  };
  for (int number = 2; taken(); ++number) end = ".before-restore-" + std::to_string(number);
  const std::vector<fs::path> from = family(directory);
  const std::vector<fs::path> to = family(directory, end);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!fs::exists(from[i])) continue;
    fs::rename(from[i], to[i]);
    moved.push_back(to[i].string());
  }
}

// Key and database of the backup, unless those that are there are whole or fit it. How many came.
std::size_t restore_stored(const fs::path& backup, const fs::path& secrets, std::vector<std::string>& moved) {
  const bool key = fs::exists(secrets / kSecretKeyFile), values = fs::exists(secrets / kKvFile);
  if (key && values) return 0;
  // Without both there is no pair to put back: what is missing comes as any file does.
  if (!fs::exists(backup / kSecretKeyFile) || !fs::exists(backup / kKvFile)) return 0;
  if (values && (key_opens(secrets / kSecretKeyFile, secrets / kKvFile) ||
                 key_opens(backup / kSecretKeyFile, secrets / kKvFile)))
    return 0;
  // A copy, so that looking at it changes nothing of the backup.
  const fs::path fresh = with(secrets / kKvFile, ".restored");
  const fs::path fresh_key = with(secrets / kSecretKeyFile, ".restored");
  for (const char* companion : {"", "-wal", "-shm"}) fs::remove(with(fresh, companion));
  fs::remove(fresh_key);
  copy_database(backup / kKvFile, fresh);
  const bool fits = key && key_opens(secrets / kSecretKeyFile, fresh);
  for (const char* companion : {"-wal", "-shm"}) fs::remove(with(fresh, companion));
  if (fits) {
    for (const char* companion : {"-wal", "-shm"}) fs::remove(with(secrets / kKvFile, companion));
    fs::rename(fresh, secrets / kKvFile);
    return 1;
  }
  fs::copy_file(backup / kSecretKeyFile, fresh_key);
  move_aside(secrets, moved);
  fs::rename(fresh_key, secrets / kSecretKeyFile);
  fs::rename(fresh, secrets / kKvFile);
  return 2;
}

std::string what_stays_locked(const fs::path& secrets) {
  try {
    if (!fs::exists(secrets / kKvFile) || key_opens(secrets / kSecretKeyFile, secrets / kKvFile)) return "";
    return "what is stored in " + (secrets / kKvFile).string() + " does not open with " +
           (secrets / kSecretKeyFile).string() +
           "; put the key it was sealed with there, or set those secrets again";
  } catch (const StoreError& error) {
    return error.what();
  }
}

}  // namespace

RestoredSecrets restore_secrets(const fs::path& backup, const fs::path& secrets) {
  RestoredSecrets done;
  fs::create_directories(secrets);
  done.files = restore_stored(backup, secrets, done.moved);
  for (const auto& entry : fs::recursive_directory_iterator(backup)) {
    const fs::path name = fs::relative(entry.path(), backup);
    if (fs::exists(secrets / name)) continue;
    if (entry.is_directory()) {
      fs::create_directories(secrets / name);
      fs::permissions(secrets / name, fs::perms::owner_all);
    } else if (entry.is_regular_file()) {
      fs::copy_file(entry.path(), secrets / name);
      ++done.files;
    }
  }
  done.warning = what_stays_locked(secrets);
  return done;
}

}  // namespace maand
