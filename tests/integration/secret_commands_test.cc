// The commands that set secrets, as people use and break them off: in a checkout that others write to as
// well, at a terminal, beside each other, after a disk was lost.
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <csignal>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOfGit = "pl4nted-in-git";
constexpr const char* kAtRest = "pl4nted-at-rest";

class SecretCommands : public ::testing::Test {
 protected:
  ProgramResult in_checkout(std::vector<std::string> arguments, const std::string& input = "",
                            const std::string& editor = "") {
    std::vector<std::string> argv = {MAAND_BINARY, "--bucket", world_.bucket().string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    ProgramCall call{.argv = argv, .input = input, .cwd = world_.git().work() / "workspace"};
    if (!editor.empty()) call.environment = {{"EDITOR", editor}};
    return call_program(call);
  }
  void expect_done(const ProgramResult& result) { EXPECT_EQ(result.status, 0) << result.out << result.err; }

  GitChanges api() {
    GitChanges changes = BucketWorld::job("api", "1.0.0");
    changes["workers.json"] = world_.workers_json(2);
    return changes;
  }

  BucketWorld world_;
};

// git can carry a link, so whoever may push could aim one at a file of whoever pulls.
TEST_F(SecretCommands, ALinkThatLiesInTheCheckoutLeadsNoWriteElsewhere) {
  world_.commit(api());
  const fs::path work = world_.git().work() / "workspace";
  const fs::path mine = world_.bucket().parent_path() / "mine";
  for (const char* file : {"age.recipients", "jobs/api/secrets.age.toml"}) {
    write_file(mine, "precious");
    fs::create_symlink(mine, work / (std::string(file) + ".new"));
  }
  expect_done(in_checkout({"secrets", "set", "api", "of_git"}, kOfGit));
  EXPECT_EQ(read_file(mine), "precious");
  expect_done(in_checkout({"secrets", "set", "api", "more"}, kOfGit));
  expect_done(in_checkout({"secrets", "remove", "api", "more"}));
  EXPECT_EQ(read_file(mine), "precious");
  for (const auto& entry : fs::directory_iterator(work / "jobs/api"))
    EXPECT_NE(entry.path().filename().string().front(), '.') << entry.path() << " was left";
}

TEST_F(SecretCommands, WhoeverSetsSecretsAtTheSameTimeLosesNone) {
  world_.commit(api());
  expect_done(in_checkout({"secrets", "set", "api", "first"}, kOfGit));
  std::vector<std::thread> people;
  std::vector<ProgramResult> results(8);
  for (std::size_t i = 0; i < results.size(); ++i) {
    people.emplace_back([&, i] {
      results[i] = call_program({.argv = {MAAND_BINARY, "--bucket", world_.bucket().string(), "secrets",
                                          "set", "api", "key" + std::to_string(i)},
                                 .environment = {},
                                 .input = kOfGit,
                                 .cwd = world_.git().work() / "workspace"});
    });
  }
  for (std::thread& one : people) one.join();
  for (const ProgramResult& result : results) expect_done(result);
  const std::string listed = in_checkout({"secrets", "list", "api"}).out;
  for (std::size_t i = 0; i < results.size(); ++i)
    EXPECT_NE(listed.find("key" + std::to_string(i)), std::string::npos) << listed;

  // While an editor is open, somebody else sets one and takes one away. Neither is undone.
  const std::string maand = std::string(MAAND_BINARY) + " --bucket " + world_.bucket().string() + " secrets ";
  expect_done(
      in_checkout({"secrets", "edit", "api"}, "",
                  "sh -c 'echo meanwhile | " + maand + "set api other && " + maand +
                      "remove api key0 && sed -i /^first/s/pl4nted-in/pl4nted-edited-in/ \"$1\"' sh"));
  const std::string after = in_checkout({"secrets", "list", "api"}).out;
  EXPECT_NE(after.find("other"), std::string::npos) << after;
  EXPECT_NE(after.find("first"), std::string::npos) << after;
  EXPECT_EQ(after.find("key0"), std::string::npos) << after;
}

// A command with a terminal of its own, as a person has it.
class OnTerminal {
 public:
  OnTerminal(const std::vector<std::string>& argv, const fs::path& cwd, const std::string& editor) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    if (::openpty(&person_, &terminal_, nullptr, nullptr, nullptr) != 0)
      throw std::runtime_error("no terminal");
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::close(person_);
    if (::login_tty(terminal_) != 0 || ::chdir(cwd.c_str()) != 0) ::_exit(126);
    ::unsetenv("VISUAL");
    ::setenv("EDITOR", editor.c_str(), 1);
    ::execv(words.front(), words.data());
    ::_exit(127);
  }
  ~OnTerminal() {
    if (pid_ > 0) end();
    hang_up();
    ::close(terminal_);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  bool echoes() const {
    termios now{};
    return ::tcgetattr(terminal_, &now) == 0 && (now.c_lflag & ECHO) != 0;
  }
  void type(const std::string& text) const {
    ASSERT_EQ(::write(person_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void signal(int number) const { ::kill(pid_, number); }
  void hang_up() {
    if (person_ >= 0) ::close(person_);
    person_ = -1;
  }
  // 128 and the signal for one that ended it. -1: it goes on after a minute, and is ended.
  int status() {
    int status = 0;
    if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return end(), -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  void end() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  int person_ = -1, terminal_ = -1;
  pid_t pid_ = -1;
};

TEST_F(SecretCommands, AnEditThatIsEndedLeavesNothingBehind) {
  world_.commit(api());
  expect_done(in_checkout({"secrets", "set", "api", "of_git"}, kOfGit));
  const fs::path work = world_.git().work() / "workspace";
  const std::string before = read_file(work / "jobs/api/secrets.age.toml");
  enum class How { kTerm, kHup, kHangUp, kStubborn };
  for (const auto& [how, status, editor] : std::vector<std::tuple<How, int, std::string>>{
           {How::kTerm, 128 + SIGTERM, "exec sleep 600"},
           {How::kHup, 128 + SIGHUP, "exec sleep 600"},
           {How::kHangUp, 128 + SIGHUP, "exec sleep 600"},
           {How::kStubborn, 128 + SIGTERM, "while :; do sleep 1; done"}}) {
    const fs::path seen = world_.bucket().parent_path() / "seen";
    fs::remove(seen);
    OnTerminal edit({MAAND_BINARY, "--bucket", world_.bucket().string(), "secrets", "edit", "api"}, work,
                    std::string("sh -c '") + (how == How::kStubborn ? "trap : TERM HUP; " : "") +
                        "echo $$ $1 >" + seen.string() + ".new; mv " + seen.string() + ".new " +
                        seen.string() + "; " + editor + "' sh");
    ASSERT_TRUE(eventually([&] { return fs::exists(seen); }));
    std::istringstream told(read_file(seen));
    pid_t editor_pid = 0;
    std::string plain;
    ASSERT_TRUE(told >> editor_pid >> plain);
    ASSERT_NE(read_file(plain).find(kOfGit), std::string::npos) << "the search would find it";
    if (how == How::kHangUp) {
      edit.hang_up();
    } else {
      edit.signal(how == How::kHup ? SIGHUP : SIGTERM);
    }
    EXPECT_EQ(edit.status(), status) << editor;
    EXPECT_NE(::kill(editor_pid, 0), 0) << "the editor goes on";
    EXPECT_FALSE(fs::exists(fs::path(plain).parent_path())) << plain;
    EXPECT_EQ(read_file(work / "jobs/api/secrets.age.toml"), before);
  }
}

TEST_F(SecretCommands, AQuestionThatIsBrokenOffGivesTheTerminalItsEchoBack) {
  world_.commit(api());
  const fs::path work = world_.git().work() / "workspace";
  for (const auto& [typed, signal, status] : std::vector<std::tuple<std::string, int, int>>{
           {"half\x03", 0, 128 + SIGINT}, {"", SIGTERM, 128 + SIGTERM}}) {
    OnTerminal set({MAAND_BINARY, "--bucket", world_.bucket().string(), "secrets", "set", "api", "of_git"},
                   work, "");
    ASSERT_TRUE(eventually([&] { return !set.echoes(); }));
    if (signal != 0) set.signal(signal);
    set.type(typed);
    EXPECT_EQ(set.status(), status);
    EXPECT_TRUE(set.echoes());
    EXPECT_FALSE(fs::exists(work / "jobs/api/secrets.age.toml"));
  }
}

TEST_F(SecretCommands, ARestoreGivesBackAKeyThatOpensWhatIsStored) {
  world_.commit(api());
  world_.serve();
  world_.stop_daemon();
  const fs::path secrets = world_.bucket() / "secrets";
  const auto opens = [&](const char* when, const std::string& key) {
    const std::string listed = in_checkout({"secrets", "list", "--json"}).out;
    EXPECT_NE(listed.find("\"" + key + "\""), std::string::npos) << when << listed;
    EXPECT_EQ(listed.find("locked"), std::string::npos) << when << listed;
  };
  const auto set = [&](const std::string& key) {
    expect_done(in_checkout({"secrets", "set", "api", key, "--stored"}, kAtRest));
  };
  const auto rotate_twice = [&] {  // the key before the last one opens nothing by itself
    for (int i = 0; i < 2; ++i) expect_done(in_checkout({"secrets", "rotate"}));
  };
  set("at_rest");
  const std::string backup = (world_.bucket().parent_path() / "backup").string();
  expect_done(world_.maand({"backup", backup}));

  rotate_twice();
  fs::remove(secrets / "kv.key");
  const ProgramResult lost_key = world_.maand({"restore", backup});
  expect_done(lost_key);
  EXPECT_NE(lost_key.out.find("kv.db.before-restore"), std::string::npos) << lost_key.out;
  EXPECT_TRUE(fs::exists(secrets / "kv.db.before-restore"));
  opens("a lost key", "at_rest");

  rotate_twice();
  for (const char* file : {"kv.db", "kv.db-wal", "kv.db-shm"}) fs::remove(secrets / file);
  const ProgramResult lost_values = world_.maand({"restore", backup});
  expect_done(lost_values);
  EXPECT_NE(lost_values.out.find("kv.key.before-restore-2"), std::string::npos) << lost_values.out;
  opens("lost values", "at_rest");
  set("later");  // and they are in use again

  // What fits stays: a value that is newer than the backup is not lost with the key.
  fs::remove(secrets / "kv.key");
  const ProgramResult fits = world_.maand({"restore", backup});
  expect_done(fits);
  EXPECT_EQ(fits.out.find("before-restore"), std::string::npos) << fits.out;
  opens("a key that fits", "later");
}

}  // namespace
}  // namespace maand::testing
