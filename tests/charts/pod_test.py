"""Does the real maand come up in the pod of the chart? With the kubelet's volumes, without root,
on a root filesystem that cannot be written. Takes its manifests from golden/pod, so it needs no helm.

usage: pod_test.py MAAND    (as root; it makes namespaces of its own)
"""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from chart import HERE, TREE, objects_of, pod_of
from kubelet import Kubelet, mount

INSIDE = "MAAND_POD_TEST_WORLD"
WEBHOOK_SECRET = "of-the-git-host"
WORKER, PORT = "127.0.43.1", "2222"


def encoded(data):
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def get(port, path, body=None, **headers):
    """Status and text; None: nobody listens."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except urllib.error.URLError:
        return None, ""


class Pod(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = pathlib.Path(os.environ[INSIDE])
        mount("-t", "tmpfs", "world", cls.world)
        objects = objects_of((HERE / "golden" / "pod" / "manifests.yaml").read_text())
        pod = pod_of(objects)
        cls._start_worker()
        worker_key = (cls.world / "workers/client_key").read_bytes()
        # golden/pod has a host key of nobody's.
        host_key = (cls.world / "workers" / WORKER / "host_key.pub").read_text()
        objects["ConfigMap", "prod-maand"]["data"]["known_hosts"] = f"[{WORKER}]:{PORT} {host_key}"
        # A token as `maand token add` makes one, on another host.
        there = cls.world / "elsewhere"
        (there / "secrets").mkdir(parents=True, mode=0o700)
        (there / "maand.conf").write_text('bucket_id = "b"\n[git]\nurl = "file:///srv/fleet.git"\n')
        cls.token = subprocess.run([sys.argv[1], "--bucket", there, "token", "add", "ann", "--role", "operate"],
                                   check=True, capture_output=True, text=True).stdout.strip()
        tokens = (there / "secrets" / "tokens").read_bytes()
        objects["Secret", "maand-keys"] = {"data": encoded({"worker.key": worker_key})}
        objects["Secret", "maand-webhook"] = {"data": encoded({"secret": WEBHOOK_SECRET.encode()})}
        objects["Secret", "maand-api"] = {"data": encoded({"tokens": tokens})}
        cls.kubelet = Kubelet(cls.world, pod, objects, sys.argv[1])
        [cls.init] = pod["spec"]["initContainers"]
        [cls.main] = pod["spec"]["containers"]
        cls._make_repository()

    @classmethod
    def _start_worker(cls):
        """A real sshd. It ends, with all that runs there, when its stdin is closed."""
        script, workers = TREE / "tests/package/sshd_workers.sh", cls.world / "workers"
        subprocess.run([script, "prepare", workers, WORKER], check=True)
        worker = subprocess.Popen([script, "run", workers, "root", PORT, WORKER], text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        cls.addClassCleanup(worker.wait)
        cls.addClassCleanup(worker.stdin.close)
        cls.addClassCleanup(worker.stdout.close)
        assert worker.stdout.readline() == "ready\n"

    @classmethod
    def _make_repository(cls):
        checkout, bare = cls.world / "checkout", cls.kubelet.root / "srv/fleet.git"
        shutil.copytree(TREE / "docs/examples/quickstart/jobs/clock", checkout / "workspace/jobs/clock")
        (checkout / "workspace/workers.json").write_text(json.dumps([{"host": WORKER}]))
        git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-C", str(checkout)]
        subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "a clock"], check=True)
        subprocess.run(["git", "clone", "-q", "--bare", checkout, bare], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["chown", "-R", "10001:10001", bare], check=True)
        # It stands for a git host: no part of the pod's own root.
        mount("--bind", bare, bare)

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
        ports = {port["name"]: port["containerPort"] for port in self.main["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            want = self.main[probe]["httpGet"]
            deadline = time.monotonic() + 60
            # A kubelet asks by the address of the pod.
            while (answer := get(ports[want["port"]], want["path"], Host="10.244.0.7:8485"))[0] != 200:
                self.assertIsNone(self.daemon.poll(), self.said())
                self.assertLess(time.monotonic(), deadline, f"{probe}: {answer}\n{self.said()}")
                time.sleep(0.05)
        return ports

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

    def of_clock(self, name):
        """A file that the job on the worker writes, once it has."""
        deadline = time.monotonic() + 30
        while not (found := [path for path in (self.world / "workers" / WORKER / "opt/worker").rglob(f"data/{name}")
                             if path.stat().st_size > 0]):
            self.assertLess(time.monotonic(), deadline, f"data/{name} was not written\n{self.said()}")
            time.sleep(0.05)
        return found[0].read_text()

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
        self.assertRegex(self.of_clock("time"), r"^clock 1\.0\.0: ")
        note = subprocess.run(["git", "-C", self.kubelet.root / "srv/fleet.git", "-c", "safe.directory=*", "notes",
                               "--ref=maand", "show", "main"], check=True, capture_output=True, text=True).stdout
        self.assertIn("maand prod: applied", note)
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
        process = self.of_clock("pid")
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
        self.assertEqual(self.of_clock("pid"), process)
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


def main():
    if INSIDE in os.environ:
        subprocess.run(["busybox", "ip", "link", "set", "lo", "up"], check=True)
        unittest.main(argv=sys.argv[:1], verbosity=2)
    with tempfile.TemporaryDirectory(prefix="maand-pod-") as world:
        # Everything ends with the first process of the namespace.
        sys.exit(subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                                 sys.executable, "-B", __file__, os.path.abspath(sys.argv[1])],
                                env={**os.environ, INSIDE: world}).returncode)


if __name__ == "__main__":
    main()
