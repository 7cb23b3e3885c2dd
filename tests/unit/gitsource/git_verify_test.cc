// R1.5 with real keys: commits signed by the real gpg, ssh-keygen and git.
#include "gitsource/git_verify.h"

#include <gtest/gtest.h>

#include "gitsource/bounded_command.h"
#include "gitsource/git_source.h"
#include "gitsource/signature_check.h"
#include "tests/support/signing_keys.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using Kind = SignatureVerdict::Kind;
using testing::push_raw;
using testing::raw_head;
using testing::with_signature;
using testing::write_file;

class GitVerifyTest : public ::testing::Test {
 protected:
  fs::path keyring() const { return server_.directory() / "keyring"; }
  fs::path allowed() const { return server_.directory() / "allowed"; }
  fs::path revoked() const { return server_.directory() / "revoked"; }

  GitSource& source() {
    if (!source_) {
      GitOptions options;
      options.url = server_.file_url();
      options.mirror = (server_.directory() / "mirror.git").string();
      options.transport_command = {MAAND_TEST_GIT_TRANSPORT};
      options.verify = verify_;
      source_ = std::make_unique<GitSource>(options);
    }
    return *source_;
  }
  SignatureVerdict verdict(const std::string& commit) {
    source().fetch();
    return source().signatures().verify(CommitId(commit));
  }
  // A commit like the head, signed over `signed_bytes`.
  std::string signed_over(const std::string& raw, const std::string& signed_bytes,
                          const std::string& fingerprint) {
    return push_raw(server_, with_signature(raw, keys_.gpg_sign(fingerprint, signed_bytes)));
  }

  testing::GitServer server_;
  testing::SigningKeys keys_;
  VerifyOptions verify_;
  std::unique_ptr<GitSource> source_;
};

TEST_F(GitVerifyTest, OpenPgp) {
  const std::string ann = keys_.gpg_key("ann");
  const std::string eve = keys_.gpg_key("eve");
  const std::string old = keys_.gpg_key("old", "1y", "20200101T000000");
  write_file(keyring(), keys_.exported({ann, old}, true));
  verify_.keyring = keyring().string();

  const std::string plain = server_.commit({{"a", "1"}}, "one");
  EXPECT_EQ(verdict(plain).kind, Kind::kUnsigned);
  keys_.use_gpg(server_, ann);
  const std::string by_git = server_.commit({{"a", "2"}}, "two\n\nwith a body");
  const SignatureVerdict good = verdict(by_git);
  EXPECT_EQ(good.kind, Kind::kGood) << good.detail;
  EXPECT_NE(good.signer.find("ann <ann@example.org>"), std::string::npos) << good.signer;
  keys_.use_gpg(server_, eve);
  const SignatureVerdict unknown = verdict(server_.commit({{"a", "3"}}, "three"));
  EXPECT_EQ(unknown.kind, Kind::kUntrusted);
  EXPECT_NE(unknown.signer.find(eve.substr(eve.size() - 16)), std::string::npos) << unknown.signer;
  testing::SigningKeys::use_nothing(server_);

  const std::string raw = raw_head(server_).substr(0, raw_head(server_).find("gpgsig")) + "\nfour\n";
  EXPECT_EQ(verdict(signed_over(raw, raw, ann)).kind, Kind::kGood);
  EXPECT_EQ(verdict(signed_over(raw, raw + "x", ann)).kind, Kind::kBad);
  const std::string aged =
      push_raw(server_, with_signature(raw, keys_.gpg_sign(old, raw, "20200601T000000")));
  EXPECT_EQ(verdict(aged).kind, Kind::kExpired);

  const std::string signature = keys_.gpg_sign(ann, raw);
  EXPECT_EQ(verdict(push_raw(server_, with_signature(with_signature(raw, signature), signature))).kind,
            Kind::kBad)
      << "two headers";
  EXPECT_EQ(verdict(push_raw(server_, with_signature(raw, signature + signature))).kind, Kind::kBad)
      << "two blocks";
}

TEST_F(GitVerifyTest, ARevokedOpenPgpKeyIsRefusedAlsoForWhatItSignedBefore) {
  const std::string lost = keys_.gpg_key("lost");
  keys_.use_gpg(server_, lost);
  const std::string commit = server_.commit({{"a", "1"}}, "one");
  write_file(keyring(), keys_.exported({lost}, false));
  verify_.keyring = keyring().string();
  EXPECT_EQ(verdict(commit).kind, Kind::kGood) << "a binary keyring";
  keys_.revoke(lost);
  write_file(keyring(), keys_.exported({lost}, false));
  EXPECT_EQ(verdict(commit).kind, Kind::kRevoked) << "the files of keys are looked at each time";
}

TEST_F(GitVerifyTest, Ssh) {
  keys_.ssh_key("ann");
  keys_.ssh_key("eve");
  keys_.ssh_key("old");
  keys_.ssh_key("file");
  write_file(allowed(), "ann@example.org " + keys_.ssh_public("ann") + "\n" +
                            "old@example.org valid-before=\"20200101\" " + keys_.ssh_public("old") + "\n" +
                            "file@example.org namespaces=\"file\" " + keys_.ssh_public("file") + "\n");
  verify_.allowed_signers = allowed().string();
  keys_.use_ssh(server_, "ann");
  const std::string commit = server_.commit({{"a", "1"}}, "one");
  const SignatureVerdict good = verdict(commit);
  EXPECT_EQ(good.kind, Kind::kGood) << good.detail;
  EXPECT_EQ(good.signer.rfind("ann@example.org (SHA256:", 0), 0u) << good.signer;
  keys_.use_ssh(server_, "eve");
  EXPECT_EQ(verdict(server_.commit({{"a", "2"}}, "two")).kind, Kind::kUntrusted);
  keys_.use_ssh(server_, "old");
  const SignatureVerdict late = verdict(server_.commit({{"a", "3"}}, "three"));
  EXPECT_EQ(late.kind, Kind::kUntrusted);
  EXPECT_NE(late.detail.find("at the date of the commit"), std::string::npos) << late.detail;
  keys_.use_ssh(server_, "file");
  EXPECT_EQ(verdict(server_.commit({{"a", "4"}}, "four")).kind, Kind::kUntrusted)
      << "allowed for files, not for git";
  testing::SigningKeys::use_nothing(server_);

  server_.commit({{"a", "5"}}, "five");
  const std::string raw = raw_head(server_);
  EXPECT_EQ(verdict(push_raw(server_, with_signature(raw, keys_.ssh_sign("ann", raw)))).kind, Kind::kGood);
  EXPECT_EQ(verdict(push_raw(server_, with_signature(raw, keys_.ssh_sign("ann", raw + "x")))).kind,
            Kind::kBad);
  EXPECT_EQ(verdict(push_raw(server_, with_signature(raw, keys_.ssh_sign("ann", raw, "file")))).kind,
            Kind::kBad)
      << "signed as something else than a commit";

  write_file(revoked(), keys_.ssh_public("ann") + "\n");
  verify_.revoked_signers = revoked().string();
  source_.reset();
  EXPECT_EQ(verdict(commit).kind, Kind::kRevoked);
}

TEST_F(GitVerifyTest, AKindOfKeyThatIsNotConfiguredTrustsNobody) {
  keys_.ssh_key("ann");
  keys_.use_ssh(server_, "ann");
  const SignatureVerdict found = verdict(server_.commit({{"a", "1"}}, "one"));
  EXPECT_EQ(found.kind, Kind::kUntrusted);
  EXPECT_NE(found.detail.find("policy.allowed_signers"), std::string::npos);
}

TEST_F(GitVerifyTest, ProgramsThatAreMissingHangOrLieConfirmNothing) {
  const std::string ann = keys_.gpg_key("ann");
  keys_.use_gpg(server_, ann);
  const std::string commit = server_.commit({{"a", "1"}}, "one");
  write_file(keyring(), keys_.exported({ann}, true));
  verify_.keyring = keyring().string();
  const fs::path program = server_.directory() / "gpgv";
  verify_.gpgv = program.string();
  EXPECT_NE(verdict(commit).detail.find("install the package gpgv"), std::string::npos);
  const std::pair<const char*, const char*> kCases[] = {
      {"yes", "broke down"},
      {"kill -9 $$", "broke down"},
      {"exit 0", "said nothing of it"},
      {"echo '[GNUPG:] GOODSIG 01 ann'; exit 0", "did not confirm it"},
      {"echo '[GNUPG:] GOODSIG 01 ann'; echo '[GNUPG:] VALIDSIG 01'; exit 1", "did not confirm it"},
      {"echo 'GOODSIG 01 ann'; echo 'VALIDSIG 01'", "said nothing of it"},
  };
  for (const auto& [script, detail] : kCases) {
    write_file(program, std::string("#!/bin/sh\n") + script + "\n", 0755);
    const SignatureVerdict found = verdict(commit);
    EXPECT_EQ(found.kind, Kind::kUnchecked) << script;
    EXPECT_NE(found.detail.find(detail), std::string::npos) << script << ": " << found.detail;
  }
  verify_.deadline = std::chrono::milliseconds(300);
  source_.reset();
  write_file(program, "#!/bin/sh\nsleep 60 & sleep 60\n", 0755);
  EXPECT_NE(verdict(commit).detail.find("did not answer in time"), std::string::npos);
}

TEST_F(GitVerifyTest, TheChainIsThatOfFirstParents_R1_5) {
  const std::string base = server_.commit({{"a", "1"}}, "base");
  const std::string main1 = server_.commit({{"a", "2"}}, "main");
  server_.git({"checkout", "-q", "-b", "side", base});
  server_.commit({{"b", "1"}}, "side", "side");
  server_.git({"checkout", "-q", "-"});
  server_.git({"merge", "-q", "--no-ff", "-m", "merge", "side"});
  server_.git({"push", "-q", "origin", "HEAD:refs/heads/main"});
  const std::string merge = server_.git({"rev-parse", "HEAD"});
  source().fetch();
  Signatures& signatures = source().signatures();
  using Commits = std::vector<CommitId>;
  EXPECT_EQ(signatures.chain(CommitId(merge), {CommitId(base)}, 100),
            (Commits{CommitId(merge), CommitId(main1)}));
  EXPECT_EQ(signatures.chain(CommitId(merge), {CommitId(base)}, 1), Commits{CommitId(merge)});
  EXPECT_EQ(signatures.chain(CommitId(merge), {CommitId(main1)}, 100), Commits{CommitId(merge)});
  EXPECT_EQ(signatures.chain(CommitId(merge), {CommitId(std::string(40, 'a'))}, 100),
            Commits{CommitId(merge)})
      << "nothing says where it begins";
  EXPECT_TRUE(signatures.chain(CommitId(base), {CommitId(merge)}, 100).empty());
}

TEST(GpgvStatus, IsBelievedOnlyAsAWhole) {
  const std::string good =
      "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 0123 ann <a@b>\n[GNUPG:] VALIDSIG AABB 2026-01-01\n";
  const std::pair<std::string, Kind> kCases[] = {
      {good, Kind::kGood},
      {good + good, Kind::kBad},
      {"[GNUPG:] GOODSIG 0123 ann\n", Kind::kUnchecked},
      {"[GNUPG:] EXPKEYSIG 0123 ann\n[GNUPG:] VALIDSIG AABB\n", Kind::kExpired},
      {"[GNUPG:] EXPSIG 0123 ann\n[GNUPG:] VALIDSIG AABB\n", Kind::kExpired},
      {"[GNUPG:] REVKEYSIG 0123 ann\n[GNUPG:] VALIDSIG AABB\n", Kind::kRevoked},
      {"[GNUPG:] BADSIG 0123 ann\n", Kind::kBad},
      {"[GNUPG:] ERRSIG 0123 22 10 00 1700000000 9 AABB\n", Kind::kUntrusted},
      {"[GNUPG:] ERRSIG 0123 22 10 00 1700000000 4 AABB\n", Kind::kUnchecked},
      {"[GNUPG:] NODATA 1\n", Kind::kBad},
      {"gpgv: Good signature from ann\n", Kind::kUnchecked},
      {"", Kind::kUnchecked},
  };
  for (const auto& [status, kind] : kCases) EXPECT_EQ(read_gpgv_status(status, 0).kind, kind) << status;
  EXPECT_EQ(read_gpgv_status(good, 2).kind, Kind::kUnchecked);
}

}  // namespace
}  // namespace maand
