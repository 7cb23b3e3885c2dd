"""templates/_conf.tpl: the maand.conf that values give, as TOML has it and as maand itself takes it.

usage: conf_test.py MAAND
"""
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import unittest

import yaml

from chart import HERE, LEAST, main, merged, render

MAAND = sys.argv[1]


def conf(more=None):
    [data] = [o["data"] for (kind, _), o in render(more).items() if kind == "ConfigMap" and "maand.conf" in o["data"]]
    return data["maand.conf"]


def read_by_maand(text):
    """Exit status and what it said; 2 is a file that it does not take."""
    with tempfile.TemporaryDirectory() as bucket:
        (pathlib.Path(bucket) / "secrets").mkdir()
        (pathlib.Path(bucket) / "maand.conf").write_text(text)
        done = subprocess.run([MAAND, "--bucket", bucket, "info"], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class Conf(unittest.TestCase):
    def test_every_value_arrives_as_it_was_meant(self):
        config = {
            "name": 'a "b" \\ <&> \u00fc', "certs_ttl": 30, "log_format": "text",
            "ssh": {"port": 2222, "use_sudo": False},
            "git": {"preview_refs": ["refs/pull/*/head", "refs/x/*"], "push_notes": True},
            "policy": {"max_removals": "50%", "max_failures": 3},
            "limits": {"max_file_bytes": 2147483648},
        }
        text = conf({"config": config})
        got = tomllib.loads(text)
        del got["http"]
        self.assertEqual(got, merged(LEAST["config"], config))
        code, said = read_by_maand(text)
        self.assertNotEqual(code, 2, said)

    def test_maand_takes_every_kept_configuration(self):
        for case in sorted((HERE / "golden").glob("*/values.yaml")):
            with self.subTest(case.parent.name):
                code, said = read_by_maand(conf(yaml.safe_load(case.read_text())))
                self.assertNotEqual(code, 2, said)

    def test_a_file_that_maand_does_not_take_would_show_here(self):
        self.assertEqual(read_by_maand(conf().replace("bucket_id", "bucketid"))[0], 2)

    def test_listeners_are_open_to_the_pod_only_as_far_as_asked(self):
        files = [{"file": name, "secretName": "s"} for name in ("worker.key", "tokens", "w")]
        webhooks = {"webhooks": {"enabled": True}, "config": {"webhook": {"generic_secret_file": "w"}}}
        tls = {"tls_cert": "tls.crt", "tls_key": "tls.key"}
        closed = {"listen": "127.0.0.1:8484", "health_listen": "0.0.0.0:8485"}
        for more, want in (
                ({}, {}),
                (webhooks, {"webhook_listen": "0.0.0.0:8486"}),
                ({"tls": {"secretName": "t"}}, tls),
                ({"api": {"expose": True}, "tls": {"secretName": "t"}}, {"listen": "0.0.0.0:8484", **tls}),
                ({"api": {"expose": True, "allowPlaintext": True}},
                 {"listen": "0.0.0.0:8484", "allow_plaintext": True})):
            self.assertEqual(tomllib.loads(conf({"secretFiles": files, **more}))["http"], {**closed, **want})

    def test_a_default_of_the_chart_can_be_taken_out(self):
        self.assertEqual(tomllib.loads(conf())["log_format"], "json")
        self.assertNotIn("log_format", tomllib.loads(conf({"config": {"log_format": None}})))


if __name__ == "__main__":
    main()
