#include "reconciler/cli/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace maand::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The socket that systemd listens on. `name` with @ is an abstract one.
class Listener {
 public:
  explicit Listener(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length) != 0)
      throw std::runtime_error("cannot bind " + name);
  }
  ~Listener() { ::close(fd_); }

  std::vector<std::string> told() const {
    std::vector<std::string> out;
    char text[256];
    for (;;) {
      const ssize_t got = ::recv(fd_, text, sizeof text, MSG_DONTWAIT);
      if (got < 0) return out;
      out.emplace_back(text, static_cast<std::size_t>(got));
    }
  }

 private:
  int fd_;
};

// Time passes when the test says so.
class StandingInbox : public Inbox {
 public:
  Instant now() const override { return now_; }
  void post_at(Instant when, std::function<void()> message) override { later_.emplace(when, message); }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    while (!later_.empty() && later_.begin()->first <= now_) {
      const auto message = later_.begin()->second;
      later_.erase(later_.begin());
      message();
    }
  }

 private:
  Instant now_{};
  std::multimap<Instant, std::function<void()>> later_;
};

class Manager : public ::testing::Test {
 protected:
  ~Manager() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

  TempDir directory_;
  const std::string path_ = (directory_.path() / "notify").string();
  const Listener listener_{path_};
  StandingInbox inbox_;
};

TEST_F(Manager, IsToldWhenItListensAndWhenItLeaves) {
  set("NOTIFY_SOCKET", path_);
  const ServiceManager manager;
  EXPECT_THAT(listener_.told(), IsEmpty());
  manager.ready(inbox_);
  EXPECT_THAT(listener_.told(), ElementsAre("READY=1"));
  inbox_.pass(std::chrono::hours(1));
  EXPECT_THAT(listener_.told(), IsEmpty()) << "nobody asked for a watchdog";
  manager.leaving();
  EXPECT_THAT(listener_.told(), ElementsAre("STOPPING=1"));
}

TEST_F(Manager, FeedsTheWatchdogThreeTimesAsOftenAsItAsksAndOnlyWhileTheInboxIsServed) {
  set("NOTIFY_SOCKET", path_);
  set("WATCHDOG_USEC", "30000000");
  set("WATCHDOG_PID", std::to_string(::getpid()));
  const ServiceManager manager;
  manager.ready(inbox_);
  EXPECT_THAT(listener_.told(), ElementsAre("READY=1", "WATCHDOG=1"));
  inbox_.pass(std::chrono::milliseconds(9999));
  EXPECT_THAT(listener_.told(), IsEmpty());
  inbox_.pass(std::chrono::milliseconds(1));
  EXPECT_THAT(listener_.told(), ElementsAre("WATCHDOG=1"));
  // A loop that hangs serves nothing.
  EXPECT_THAT(listener_.told(), IsEmpty());
}

TEST_F(Manager, HearsNothingOfAWatchdogThatIsNotThisProcess) {
  for (const char* usec : {"0", "-5", "soon", "", "1e6", "99999999999999999999999"}) {
    set("NOTIFY_SOCKET", path_);
    set("WATCHDOG_USEC", usec);
    ServiceManager().ready(inbox_);
    EXPECT_THAT(listener_.told(), ElementsAre("READY=1")) << usec;
  }
  for (const char* pid : {"1", "nobody", "0"}) {
    set("NOTIFY_SOCKET", path_);
    set("WATCHDOG_USEC", "30000000");
    set("WATCHDOG_PID", pid);
    ServiceManager().ready(inbox_);
    EXPECT_THAT(listener_.told(), ElementsAre("READY=1")) << pid;
  }
}

TEST_F(Manager, ChildrenDoNotInheritIt) {
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) set(name, "1");
  const ServiceManager manager;
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
    EXPECT_EQ(std::getenv(name), nullptr) << name;
}

TEST_F(Manager, MayListenOnAnAbstractSocket) {
  const std::string name = "@maand-test-" + std::to_string(::getpid());
  const Listener abstract(name);
  set("NOTIFY_SOCKET", name);
  ServiceManager().ready(inbox_);
  EXPECT_THAT(abstract.told(), ElementsAre("READY=1"));
}

TEST_F(Manager, WhoeverDoesNotListenIsNoTrouble) {
  for (const std::string& name : {std::string(), std::string("/"), path_ + ".gone", std::string(500, 'x')}) {
    set("NOTIFY_SOCKET", name);
    const ServiceManager manager;
    manager.ready(inbox_);
    manager.leaving();
  }
  EXPECT_THAT(listener_.told(), IsEmpty());
}

}  // namespace
}  // namespace maand::testing
