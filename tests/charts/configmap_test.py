"""templates/configmap.yaml."""
import unittest

from chart import CHART, main, render


class ConfigMap(unittest.TestCase):
    def data(self, more=None):
        return render(more)["ConfigMap", "prod-maand"]["data"]

    def test_the_script_is_the_charts_file_byte_for_byte(self):
        kept = (CHART / "files" / "prepare_bucket.sh").read_text()
        self.assertEqual(self.data()["prepare_bucket.sh"].rstrip("\n"), kept.rstrip("\n"))

    def test_host_keys_are_the_lines_that_were_given(self):
        lines = "# ours\n@revoked * ssh-rsa AAAA\n\n  [h]:22 ssh-ed25519 AAAA: x\n"
        self.assertEqual(self.data({"knownHosts": lines})["known_hosts"].strip(), lines.strip())
        self.assertNotIn("known_hosts", self.data())

    def test_it_holds_no_more_than_that(self):
        self.assertEqual(set(self.data()), {"maand.conf", "prepare_bucket.sh"})


if __name__ == "__main__":
    main()
