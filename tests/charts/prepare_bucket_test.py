"""files/prepare_bucket.sh, the script of the chart that makes a bucket of a volume. As anybody, anywhere."""
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from chart import CHART

SCRIPT = CHART / "files" / "prepare_bucket.sh"


class PrepareBucket(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.at = pathlib.Path(directory.name)
        for name in ("bucket", "conf", "given", "kept"):
            (self.at / name).mkdir()
        (self.at / "conf" / "maand.conf").write_text("")
        self.secrets = self.at / "bucket" / "secrets"

    def run_it(self, *before):
        return subprocess.run([*before, "/bin/sh", SCRIPT, self.at / "bucket", self.at / "conf/maand.conf", self.at / "given",
                               self.at / "kept"], capture_output=True, text=True)

    def prepared(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def give(self, name, text):
        """As the kubelet shows it: a link to a link to a file that the group may read."""
        moment = self.at / "given" / "..moment"
        moment.mkdir(exist_ok=True)
        if not (self.at / "given" / "..data").exists():
            (self.at / "given" / "..data").symlink_to("..moment")
            (self.at / "given" / name).unlink(missing_ok=True)
        file = moment / name
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(0o440)
        if not (self.at / "given" / name).exists():
            (self.at / "given" / name).symlink_to(f"..data/{name}")

    def mode(self, path):
        return stat.S_IMODE(path.stat().st_mode)

    def test_an_empty_volume_becomes_a_bucket(self):
        self.prepared()
        self.assertEqual(os.readlink(self.at / "bucket/maand.conf"), str(self.at / "conf/maand.conf"))
        self.assertEqual([self.mode(self.at / "bucket" / name) for name in ("secrets", "data")], [0o700, 0o700])
        self.assertEqual(list(self.secrets.iterdir()), [])

    def test_what_is_given_is_linked_and_is_for_its_owner_alone(self):
        self.give("worker.key", "key\n")
        self.give("a b", "x")
        self.prepared()
        for name, text in (("worker.key", "key\n"), ("a b", "x")):
            self.assertEqual(os.readlink(self.secrets / name), str(self.at / "kept" / name))
            self.assertEqual((self.secrets / name).read_text(), text)
            self.assertEqual(self.mode(self.secrets / name), 0o400)
        self.assertEqual(sorted(path.name for path in self.secrets.iterdir()), ["a b", "worker.key"])

    def test_a_second_start_takes_over_what_changed_and_drops_what_is_gone(self):
        self.give("worker.key", "old")
        self.give("token", "x")
        self.prepared()
        self.give("worker.key", "new")
        (self.at / "given" / "token").unlink()
        self.prepared()
        self.assertEqual((self.secrets / "worker.key").read_text(), "new")
        self.assertFalse((self.secrets / "token").is_symlink())

    def test_after_a_restart_of_the_node_memory_is_empty_and_links_are_there(self):
        self.give("worker.key", "key")
        self.prepared()
        (self.at / "kept" / "worker.key").unlink()
        self.prepared()
        self.assertEqual((self.secrets / "worker.key").read_text(), "key")

    def test_files_that_maand_made_stay_and_are_private_again(self):
        self.prepared()
        (self.secrets / "kv.key").write_text("made here")
        (self.secrets / "kv.key").chmod(0o660)
        (self.secrets / "elsewhere").symlink_to("/nonexistent")
        self.secrets.chmod(0o2770)
        self.prepared()
        self.assertEqual((self.secrets / "kv.key").read_text(), "made here")
        self.assertEqual(self.mode(self.secrets / "kv.key"), 0o600)
        self.assertEqual(self.mode(self.secrets) & 0o777, 0o700)
        self.assertTrue((self.secrets / "elsewhere").is_symlink())

    def test_nothing_on_the_volume_is_hidden(self):
        self.prepared()
        for make in (lambda at: at.write_text("made here"), lambda at: at.symlink_to("/nonexistent"),
                     lambda at: at.mkdir()):
            self.give("tokens", "given")
            make(self.secrets / "tokens")
            done = self.run_it()
            self.assertEqual(done.returncode, 1)
            self.assertIn("secrets/tokens is on the volume already", done.stderr)
            at = self.secrets / "tokens"
            at.rmdir() if at.is_dir() and not at.is_symlink() else at.unlink()

    def test_settings_on_the_volume_are_told_and_kept(self):
        conf = self.at / "bucket/maand.conf"
        conf.write_text("mine")
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is a maand.conf on the volume", done.stderr)
        self.assertEqual(conf.read_text(), "mine")

    def test_a_volume_that_cannot_be_written_is_told(self):
        (self.at / "bucket").chmod(0o500)
        nobody = []
        if os.geteuid() == 0:  # who may write everywhere
            self.at.chmod(0o755)
            nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        done = self.run_it(*nobody)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does its driver know fsGroup?", done.stderr)


if __name__ == "__main__":
    unittest.main()
