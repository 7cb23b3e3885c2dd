// Which bytes of a commit are signed (R1.5).
#include "gitsource/signed_commit.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using Kind = SignedCommit::Kind;

const std::string kHead = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 1 +0000\n";
const std::string kCommitter = "committer A B <a@b> 1700000000 +0100\n";
const std::string kPgp = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n";
const std::string kSsh = "gpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n";
const std::string kMessage = "\nsubject\n\nbody\n";

TEST(SignedCommit, ThePayloadIsTheCommitWithoutItsSignature) {
  const SignedCommit pgp = parse_signed_commit(kHead + kCommitter + kPgp + kMessage);
  EXPECT_EQ(pgp.kind, Kind::kOpenPgp);
  EXPECT_EQ(pgp.payload, kHead + kCommitter + kMessage);
  EXPECT_EQ(pgp.signature, "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n");
  EXPECT_EQ(pgp.committed_at, 1700000000);
  const SignedCommit ssh =
      parse_signed_commit(kHead + kCommitter + "encoding latin-1\n" + kSsh + "x-more 1\n 2\n" + kMessage);
  EXPECT_EQ(ssh.kind, Kind::kSsh);
  EXPECT_EQ(ssh.payload, kHead + kCommitter + "encoding latin-1\nx-more 1\n 2\n" + kMessage);
  EXPECT_EQ(parse_signed_commit(kHead + kCommitter + kMessage).kind, Kind::kUnsigned);
}

TEST(SignedCommit, WhatLooksLikeASignatureElsewhereIsNone) {
  const std::string tag = "mergetag object 0\n type commit\n gpgsig x\n -----BEGIN PGP SIGNATURE-----\n";
  EXPECT_EQ(parse_signed_commit(kHead + kCommitter + tag + kMessage).kind, Kind::kUnsigned)
      << "of a tag that was merged";
  EXPECT_EQ(parse_signed_commit(kHead + kCommitter + "\nsubject\n\n" + kPgp).kind, Kind::kUnsigned)
      << "in the message";
  const SignedCommit both = parse_signed_commit(kHead + kCommitter + tag + kPgp + kMessage);
  EXPECT_EQ(both.kind, Kind::kOpenPgp);
  EXPECT_EQ(both.payload, kHead + kCommitter + tag + kMessage);
}

TEST(SignedCommit, WhatCouldBeReadInTwoWaysIsNotUsed) {
  const std::pair<std::string, const char*> kCases[] = {
      {kHead + kCommitter + kPgp + kPgp + kMessage, "the commit has more than one signature"},
      {kHead + kCommitter + kPgp + kSsh + kMessage, "the commit has more than one signature"},
      {kHead + kCommitter + kPgp + kCommitter + kMessage, "the commit has not exactly one committer"},
      {kHead + kPgp + kMessage, "the commit has not exactly one committer"},
      {kHead + "committer A\n" + kPgp + kMessage, "the commit has no readable date"},
      {kHead + kCommitter + "gpgsig-sha256 x\n" + kMessage, "the commit is signed for another object format"},
      {kHead + kCommitter + "gpgsig x\n" + kMessage, "the signature is not one OpenPGP or SSH signature"},
      {kHead + kCommitter + "gpgsig -----BEGIN SIGNED MESSAGE-----\n" + kMessage,
       "the signature is not one OpenPGP or SSH signature"},
      {kHead + kCommitter + "gpgsig -----BEGIN PGP SIGNATURE-----\n abc\n" + kMessage,
       "the signature is not one OpenPGP or SSH signature"},
      {kHead + kCommitter + kPgp + " -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n" +
           kMessage,
       "the signature is not one OpenPGP or SSH signature"},
      {kHead + kCommitter + kPgp + std::string("\n\0", 2), "the commit holds a zero byte"},
      {kHead + kCommitter + "gpgsig x", "the header of the commit has no end"},
  };
  for (const auto& [raw, wrong] : kCases) {
    const SignedCommit found = parse_signed_commit(raw);
    EXPECT_EQ(found.kind, Kind::kUnusable) << raw;
    EXPECT_EQ(found.wrong, wrong) << raw;
  }
  EXPECT_EQ(parse_signed_commit("").kind, Kind::kUnsigned);
  EXPECT_EQ(parse_signed_commit("\n").kind, Kind::kUnsigned);
}

}  // namespace
}  // namespace maand
