#include "reconciler/http/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TokenFileTest : public testing::Test {
 protected:
  std::filesystem::path path() const { return directory_.path() / "tokens"; }
  std::string text() const {
    std::ifstream in(path());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string problem(const std::function<void()>& work) const {
    try {
      work();
    } catch (const TokenFileError& error) {
      return error.what();
    }
    return "";
  }

  TempDir directory_;
  std::vector<std::string> said_;
  TokenFile file_{path(), [this](const std::string& text) { said_.push_back(text); }};
};

TEST_F(TokenFileTest, What_is_added_and_removed_holds_from_the_next_look_on) {
  EXPECT_EQ(file_.current()->find("x"), nullptr);
  const std::string alice = add_token(path(), "alice", Role::kOperate, std::nullopt);
  EXPECT_NE(file_.current()->find(alice), nullptr);
  const std::string bob = add_token(path(), "bob", Role::kRead, std::nullopt);
  EXPECT_NE(file_.current()->find(bob), nullptr);
  remove_token(path(), "alice");
  EXPECT_EQ(file_.current()->find(alice), nullptr);
  EXPECT_NE(file_.current()->find(bob), nullptr);
  std::filesystem::remove(path());
  EXPECT_EQ(file_.current()->find(bob), nullptr);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(TokenFileTest, Is_for_its_owner_alone) {
  const std::string alice = add_token(path(), "alice", Role::kRead, std::nullopt);
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  ASSERT_EQ(::chmod(path().c_str(), 0640), 0);
  EXPECT_EQ(file_.current()->find(alice), nullptr);
  EXPECT_EQ(file_.current()->find(alice), nullptr);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("chmod 600")));  // once
  ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
  EXPECT_NE(file_.current()->find(alice), nullptr);
}

TEST_F(TokenFileTest, A_name_is_given_once_and_must_be_one) {
  add_token(path(), "alice", Role::kRead, std::nullopt);
  EXPECT_THAT(problem([&] { add_token(path(), "alice", Role::kRead, std::nullopt); }),
              HasSubstr("maand token remove alice"));
  EXPECT_THAT(problem([&] { add_token(path(), "a b", Role::kRead, std::nullopt); }), HasSubstr("no name"));
  EXPECT_THAT(problem([&] { remove_token(path(), "bob"); }), HasSubstr("there are alice"));
}

TEST_F(TokenFileTest, What_a_person_wrote_stays_when_commands_change_the_file) {
  std::ofstream(path()) << "# ours\nnonsense";
  ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
  const std::string alice = add_token(path(), "alice", Role::kRead, std::nullopt);
  EXPECT_NE(file_.current()->find(alice), nullptr);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("line 2")));
  remove_token(path(), "alice");
  EXPECT_EQ(text(), "# ours\nnonsense\n");
}

TEST_F(TokenFileTest, Commands_at_once_lose_nothing) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] { add_token(path(), "t" + std::to_string(i), Role::kRead, std::nullopt); });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(file_.current()->entries().size(), 8u);
}

TEST_F(TokenFileTest, What_is_no_file_is_told_and_holds_nothing) {
  std::filesystem::create_directory(path());
  EXPECT_THAT(file_.current()->entries(), IsEmpty());
  EXPECT_THAT(said_, ElementsAre(HasSubstr("no regular file")));
  EXPECT_THAT(problem([&] { add_token(path(), "alice", Role::kRead, std::nullopt); }),
              HasSubstr("no regular file"));
}

}  // namespace
}  // namespace maand
