"""templates/NOTES.txt: what a person reads after `helm install`."""
import pathlib
import shutil
import tempfile
import unittest

import yaml

from chart import CHART, DATABASE, HERE, LEAST, main, merged, run


# `helm install` would print them, and asks a cluster even for a dry run. So a copy of the chart
# has a template that shows what NOTES.txt became.
SHOWN = """
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data:
  notes: |
    {{- include (print $.Template.BasePath "/NOTES.txt") . | nindent 4 }}
"""


def notes(more=None):
    with tempfile.TemporaryDirectory() as directory:
        chart = pathlib.Path(directory) / "maand"
        shutil.copytree(CHART, chart)
        (chart / "templates" / "shown.yaml").write_text(SHOWN)
        done = run("template", "prod", chart, "--namespace", "ops", "--show-only", "templates/shown.yaml",
                   values=merged(LEAST, more or {}))
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["data"]["notes"]


class Notes(unittest.TestCase):
    def test_they_name_the_pod_and_how_to_look_at_it(self):
        said = notes()
        self.assertIn("kubectl -n ops exec prod-maand-0 -- maand status", said)
        self.assertIn("kubectl -n ops port-forward prod-maand-0 8484", said)
        self.assertIn("https://git.example.com/fleet.git, branch main", said)
        self.assertNotIn("<no value>", said)

    def test_they_warn_of_what_was_chosen(self):
        self.assertIn("Host keys: none were given", notes())
        self.assertNotIn("Host keys", notes({"knownHosts": "h ssh-ed25519 AAAA"}))
        files = [{"file": name, "secretName": "s"} for name in ("worker.key", "tokens", "known_hosts")]
        exposed = {"secretFiles": files, "api": {"expose": True, "allowPlaintext": True}}
        self.assertIn("WITHOUT TLS", notes(exposed))
        self.assertNotIn("port-forward", notes(exposed))
        self.assertNotIn("Host keys", notes(exposed))
        self.assertNotIn("WITHOUT TLS", notes({**exposed, "tls": {"secretName": "t"}}))

    def test_they_say_where_webhooks_go(self):
        said = notes(yaml.safe_load((HERE / "golden" / "everything" / "values.yaml").read_text()))
        self.assertIn("https://maand.example.com/webhook/PROVIDER", said)

    def test_they_say_what_uninstalling_leaves(self):
        self.assertIn("the claim prod-maand-bucket", notes())
        self.assertNotIn("uninstall", notes({"persistence": {"keep": False}}))

    def test_pods_without_a_volume_have_no_name_that_stays(self):
        said = notes(DATABASE)
        self.assertIn("kubectl -n ops exec deploy/prod-maand -- maand status", said)
        self.assertIn("kubectl -n ops logs -f deploy/prod-maand", said)
        self.assertIn("kv.key of maand-keys, so keep that", said)
        self.assertIn("a pod forgets what `maand worker trust` tells it", said)
        self.assertNotIn("prod-maand-0", said)
        self.assertNotIn("the claim", said)
        said = notes({**DATABASE, "replicas": 2})
        self.assertIn("kubectl -n ops logs -f --prefix -l app.kubernetes.io/instance=prod,app.kubernetes.io/name=maand", said)


if __name__ == "__main__":
    main()
