"""templates/_checks.tpl: values that do not go together are refused, and it is said what to do."""
import unittest

from chart import DATABASE, main, merged, refusal, render

WEBHOOK = {"webhook": {"generic_secret_file": "w"}}


def files(*names):
    return [{"file": name, "secretName": "s"} for name in names]


def in_database(more):
    return merged(DATABASE, more)


class Checks(unittest.TestCase):
    def test_values_that_contradict_are_refused_with_what_to_do(self):
        table = [
            ({"image": {"repository": ""}}, (), "image.repository is required: there is no public image"),
            ({"replicas": 2}, (), "replicas must be 1 with store.type sqlite"),
            ({"store": {"type": "postgresql"}}, (), "store.urlSecret.name is required"),
            ({"store": {"urlSecret": {"name": "s"}}}, (), "store.urlSecret.name is set, and store.type is sqlite"),
            (in_database({"persistence": {"existingClaim": "c"}}), (), "no volume is used"),
            (in_database({"config": {"git": {"preview_refs": ["refs/pull/*/head"]}}}), (), "there are no previews yet"),
            (in_database({"secretFiles": files("worker.key", "ca.crt", "ca.key")}), (), "needs the file kv.key in secretFiles"),
            (in_database({"secretFiles": files("worker.key", "kv.key", "ca.key")}), (), "needs the file ca.crt in secretFiles"),
            (in_database({"secretFiles": files("worker.key", "kv.key", "ca.crt")}), (), "needs the file ca.key in secretFiles"),
            ({"extraEnv": [{"name": "MAAND__STATE__URL", "value": "postgresql://u:hush@h/d"}]}, (),
             "a URL that may hold a password belongs into a Secret"),
            ({"config": {"bucket_id": None}}, (), "config.bucket_id is required"),
            ({"config": {"git": {"url": None}}}, (), "config.git.url is required"),
            ({"config": {"git": None}}, (), "config.git.url is required"),
            ({"secretFiles": files("worker.key", "worker.key")}, (), "secretFiles has worker.key twice"),
            ({"secretFiles": []}, (), "config.ssh.key needs the file worker.key: say with secretFiles"),
            ({"config": {"ssh": {"key": "mine"}}}, (), "config.ssh.key needs the file mine"),
            ({"config": {"ssh": {"key": "agent"}}}, (), "there is no ssh-agent in a pod"),
            ({"config": {"git": {"url": "git@h:f.git"}}}, (), "config.git.ssh_key needs the file git.key"),
            ({"config": {"git": {"url": "ssh://h/f.git", "ssh_key": "k"}}}, (), "config.git.ssh_key needs the file k"),
            ({"config": {"git": {"token_file": "t"}}}, (), "config.git.token_file needs the file t"),
            ({"config": {"git": {"known_hosts": "h"}}}, (), "config.git.known_hosts needs the file h"),
            ({"config": {"policy": {"keyring": "k"}}}, (), "config.policy.keyring needs the file k"),
            ({"config": {"notify": {"slack_url_file": "u"}}}, (), "config.notify.slack_url_file needs the file u"),
            ({"config": WEBHOOK, "webhooks": {"enabled": True}}, (), "config.webhook.generic_secret_file needs the file w"),
            ({"config": WEBHOOK, "secretFiles": files("worker.key", "w")}, (), "webhooks.enabled is false"),
            ({"webhooks": {"enabled": True}}, (), "webhooks.enabled needs a secret"),
            ({"webhooks": {"ingress": {"enabled": True, "host": "h"}}}, (), "there is nothing behind it"),
            ({"config": WEBHOOK, "secretFiles": files("worker.key", "w"),
              "webhooks": {"enabled": True, "ingress": {"enabled": True}}}, (), "webhooks.ingress.host is required"),
            ({"api": {"expose": True}, "tls": {"secretName": "t"}}, (), "api.expose needs the file tokens"),
            ({"api": {"expose": True}, "secretFiles": files("worker.key", "tokens")}, (),
             "api.expose needs tls.secretName"),
            ({"knownHosts": "h", "secretFiles": files("worker.key", "known_hosts")}, (), "which of them?"),
            ({"tls": {"secretName": "t"}, "secretFiles": files("worker.key", "tls.key")}, (),
             "secretFiles has tls.key, which tls.secretName gives already"),
        ]
        for more, arguments, want in table:
            with self.subTest(want):
                self.assertIn(want, refusal(more, *arguments))

    def test_what_goes_together_is_taken(self):
        for more in (
                {"config": {"git": {"url": "git@h:f.git"}}, "secretFiles": files("worker.key", "git.key")},
                {"config": {"git": {"known_hosts": "known_hosts"}}, "knownHosts": "h"},
                {"config": {"git": {"ca_file": "/etc/ssl/x"}, "notify": {"ca_file": "/etc/ssl/x"}}},
                {"config": WEBHOOK, "secretFiles": files("worker.key", "w"), "webhooks": {"enabled": True}},
                {"secretFiles": [], "persistence": {"existingClaim": "a-whole-bucket"}},
                {"secretFiles": files("worker.key", "kv.key", "age.key")},
                DATABASE, in_database({"replicas": 9})):
            self.assertTrue(render(more))


if __name__ == "__main__":
    main()
