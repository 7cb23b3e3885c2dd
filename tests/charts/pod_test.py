"""Does the real maand come up in the pod of the chart? With the kubelet's volumes, without root,
on a root filesystem that cannot be written. Takes its manifests from golden/pod, so it needs no helm.

usage: pod_test.py MAAND    (as root; it makes namespaces of its own)
"""
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import sys
import unittest

from chart import HERE, objects_of, pod_of
from kubelet import Kubelet
from pod_world import World, encoded, get, main, ready

WEBHOOK_SECRET = "of-the-git-host"


class Pod(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.all = World(cls)
        cls.world = cls.all.at
        objects = objects_of((HERE / "golden" / "pod" / "manifests.yaml").read_text())
        pod = pod_of(objects)
        # golden/pod has a host key of nobody's.
        objects["ConfigMap", "prod-maand"]["data"]["known_hosts"] = cls.all.known_hosts
        # A token as `maand token add` makes one, on another host.
        there = cls.world / "elsewhere"
        (there / "secrets").mkdir(parents=True, mode=0o700)
        (there / "maand.conf").write_text('bucket_id = "b"\n[git]\nurl = "file:///srv/fleet.git"\n')
        cls.token = subprocess.run([sys.argv[1], "--bucket", there, "token", "add", "ann", "--role", "operate"],
                                   check=True, capture_output=True, text=True).stdout.strip()
        tokens = (there / "secrets" / "tokens").read_bytes()
        objects["Secret", "maand-keys"] = {"data": encoded({"worker.key": cls.all.worker_key})}
        objects["Secret", "maand-webhook"] = {"data": encoded({"secret": WEBHOOK_SECRET.encode()})}
        objects["Secret", "maand-api"] = {"data": encoded({"tokens": tokens})}
        cls.kubelet = Kubelet(cls.world, pod, objects, sys.argv[1])
        [cls.init] = pod["spec"]["initContainers"]
        [cls.main] = pod["spec"]["containers"]
        cls.all.make_repository(cls.kubelet)

    def setUp(self):
        self.log = open(self.world / f"{self._testMethodName}.log", "w+")
        self.addCleanup(self.log.close)
        self.daemon = None
        self.addCleanup(self.stop)

    def said(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    def prepare(self):
        self.kubelet.volumes()
        process = self.kubelet.start(self.init, stdout=self.log, stderr=self.log)
        return process.wait(timeout=60)

    def up(self):
        """From nothing to ready, as the probes of the pod see it."""
        self.assertEqual(self.prepare(), 0, self.said())
        self.daemon = self.kubelet.start(self.main, stdout=self.log, stderr=self.log)
        return ready(self.main, "127.0.0.1", lambda: self.daemon.poll() is None, self.said)

    def stop(self):
        if self.daemon is None:
            return None
        # unshare and sh have become maand by exec: it is our child itself.
        self.daemon.terminate()
        try:
            return self.daemon.wait(timeout=30)
        finally:
            if self.daemon.poll() is None:
                self.daemon.kill()
                self.daemon.wait()
            self.daemon = None

    def inside(self, *command):
        process = self.kubelet.start(self.main, list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def test_1_it_becomes_ready_and_takes_what_secrets_open(self):
        ports = self.up()
        # The tokens that were given, and no others.
        status = get(ports["api"], "/api/v1/status", Authorization=f"Bearer {self.token}", Host="maand.ops.svc")
        self.assertEqual(status[0], 200, status)
        self.assertEqual(get(ports["api"], "/api/v1/status", Host="maand.ops.svc")[0], 401)
        # The webhook's secret that was given.
        body = json.dumps({"ref": "refs/heads/main", "after": "0" * 40}).encode()
        right = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        for signature, want in ((right, 202), ("0" * 64, 401)):
            answer = get(ports["webhooks"], "/webhook/github", body, **{
                "Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": signature[:8],
                "X-Hub-Signature-256": f"sha256={signature}"})
            self.assertEqual(answer[0], want, answer)
        # It reaches the worker with the key and the host key that were given. `kubectl exec` needs no --bucket.
        for command in (["reconcile", "--wait"], ["status"]):
            code, out = self.inside("maand", *command)
            self.assertEqual(code, 0, out + self.said())
        self.assertRegex(self.all.of_clock("time"), r"^clock 1\.0\.0: ")
        self.assertIn("maand prod: applied", self.all.note())
        # Nowhere but on the volume can anything be written.
        for place in ("/", "/etc/maand", "/run/maand/secrets", "/usr", "/opt/maand"):
            code, _ = self.inside("sh", "-c", f"echo x > {place}/x")
            self.assertNotEqual(code, 0, place)
        code, out = self.inside("sh", "-c", "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; id -u")
        self.assertEqual(out.split(), "CapBnd: 0000000000000000 NoNewPrivs: 1 10001".split()
                         if "CapEff" not in out else
                         "CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 10001".split())
        # No copy of a secret is on the volume.
        secrets = self.world / "volumes/bucket/secrets"
        for name in ("worker.key", "github-webhook", "tokens", "known_hosts"):
            self.assertTrue((secrets / name).is_symlink(), name)
            self.assertEqual(os.readlink(secrets / name), f"/run/maand/secrets/{name}")
        self.assertEqual(self.stop(), 0, self.said())

    def test_2_it_comes_up_again_after_the_kubelet_gave_the_group_everything(self):
        self.up()
        code, out = self.inside("sh", "-c", "echo hidden | maand secrets set --stored clock password")
        self.assertEqual(code, 0, out)
        process = self.all.of_clock("pid")
        self.assertEqual(self.stop(), 0, self.said())
        # As without OnRootMismatch, or on a volume that was restored from a snapshot.
        self.kubelet.own(self.world / "volumes/bucket")
        key = self.world / "volumes/bucket/secrets/kv.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o660)
        self.up()
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        code, out = self.inside("maand", "cat", "kv", "get", "secrets/job/clock", "password", "--reveal")
        self.assertEqual(code, 0, out)
        self.assertIn("hidden", out)
        # What runs on the worker went on meanwhile.
        self.assertEqual(self.inside("maand", "reconcile", "--wait")[0], 0, self.said())
        self.assertEqual(self.all.of_clock("pid"), process)
        self.assertEqual(self.stop(), 0, self.said())

    def test_3_what_is_on_the_volume_is_not_hidden(self):
        at = self.world / "volumes/bucket/secrets/tokens"
        self.assertTrue(at.is_symlink())
        at.unlink()
        at.write_text("made here\n")
        os.chown(at, 10001, 10001)
        self.assertEqual(self.prepare(), 1)
        self.assertIn("secrets/tokens is on the volume already", self.said())
        self.assertEqual(at.read_text(), "made here\n")
        at.unlink()


if __name__ == "__main__":
    main(__file__)
