"""Do two pods of the chart share a bucket in a real PostgreSQL? Both get ready, one leads, the other one hands on and takes
over, and a third that has nothing but what Secrets give takes the place of the first. Needs no helm: golden/pods.

usage: replicas_test.py MAAND    (as root; it makes namespaces of its own)
"""
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import time
import unittest

from chart import HERE, SKIPPED, objects_of, pod_of
from kubelet import Kubelet
from pod_world import INSIDE, World, encoded, get, main, ready

WEBHOOK_SECRET, PASSWORD = "of-the-git-host", "hunter2"
# Pods have an address each. Here they share a network, so that listeners are told which is theirs.
FIRST, SECOND, THIRD, SERVER = "127.0.43.11", "127.0.43.12", "127.0.43.13", "127.0.43.20"
PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Replica:
    """One pod, with volumes and a log of its own."""

    def __init__(self, test, address, pod, objects):
        self.address = address
        at = test.all.at / address
        at.mkdir()
        self.kubelet = Kubelet(at, pod, objects, sys.argv[1])
        [self.init] = pod["spec"]["initContainers"]
        [self.main] = pod["spec"]["containers"]
        self.log = at / "log"
        self.listeners = [f"MAAND__HTTP__{name}={address}:{port}" for name, port in
                          (("LISTEN", 8484), ("HEALTH_LISTEN", 8485), ("WEBHOOK_LISTEN", 8486))]

    def up(self):
        self.kubelet.volumes()
        with open(self.log, "a") as log:
            assert self.kubelet.start(self.init, stdout=log, stderr=log).wait(timeout=60) == 0, self.said()
            self.daemon = self.kubelet.start(self.main, more=self.listeners, stdout=log, stderr=log)
        ready(self.main, self.address, lambda: self.daemon.poll() is None, self.said)

    def said(self):
        return self.log.read_text()

    def leads(self):
        text = get(8485, "/metrics", host=self.address, Host="10.244.0.7:8485")[1]
        return any(line.startswith("maand_leader") and line.endswith(" 1") for line in text.splitlines())

    def inside(self, *command):
        process = self.kubelet.start(self.main, list(command), more=self.listeners, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT)
        out, _ = process.communicate(timeout=90)
        return process.returncode, out

    def end(self, how=signal.SIGTERM):
        if self.daemon.poll() is None:
            self.daemon.send_signal(how)
        return self.daemon.wait(timeout=60)


class Replicas(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.all = World(cls)
        cls._start_server()
        keys = cls.all.at / "keys"
        keys.mkdir()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=prod",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", keys / "ca.key", "-out", keys / "ca.crt")
        objects = objects_of((HERE / "golden" / "pods" / "manifests.yaml").read_text())
        objects["ConfigMap", "prod-maand"]["data"]["known_hosts"] = cls.all.known_hosts
        objects["Secret", "maand-keys"] = {"data": encoded({"worker.key": cls.all.worker_key, "kv.key": os.urandom(32)})}
        objects["Secret", "maand-ca"] = {"data": encoded({"tls.crt": (keys / "ca.crt").read_bytes(),
                                                          "tls.key": (keys / "ca.key").read_bytes()})}
        objects["Secret", "maand-webhook"] = {"data": encoded({"secret": WEBHOOK_SECRET.encode()})}
        url = f"postgresql://maand:{PASSWORD}@{SERVER}:5432/fleet"
        objects["Secret", "maand-db"] = {"data": encoded({"url": url.encode()})}
        assert objects["Deployment", "prod-maand"]["spec"]["replicas"] == 2
        cls.pods = [Replica(cls, address, pod_of(objects), objects) for address in (FIRST, SECOND, THIRD)]
        cls.all.make_repository(*(pod.kubelet for pod in cls.pods))

    @classmethod
    def _start_server(cls):
        home, user = cls.all.at / "database", pwd.getpwnam("postgres")
        home.mkdir()
        os.chown(home, user.pw_uid, user.pw_gid)

        def as_postgres(*command, **options):
            return subprocess.Popen(list(map(str, command)), user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd="/",
                                    **options)
        done = as_postgres(PROGRAMS / "initdb", "-D", home / "data", "--username=postgres", "--encoding=UTF8", "--locale=C",
                           "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", stdout=subprocess.DEVNULL)
        assert done.wait(timeout=60) == 0
        with open(cls.all.at / "database.log", "w") as log:
            server = as_postgres(PROGRAMS / "postgres", "-D", home / "data", "-k", home, "-c", f"listen_addresses={SERVER}",
                                 "-c", "fsync=off", stdout=log, stderr=log)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.send_signal, signal.SIGINT)  # in good order, or shared memory stays behind

        def psql(statement):
            return subprocess.run(["psql", "-X", "-h", home, "-U", "postgres", "-d", "postgres", "-qc", statement],
                                  capture_output=True, text=True)
        deadline = time.monotonic() + 60
        while psql("SELECT 1").returncode != 0:
            assert server.poll() is None and time.monotonic() < deadline, (cls.all.at / "database.log").read_text()
            time.sleep(0.1)
        for statement in (f"CREATE ROLE maand LOGIN PASSWORD '{PASSWORD}'", "CREATE DATABASE fleet OWNER maand"):
            psql(statement).check_returncode()

    def await_leader(self, pods):
        """The one that leads; it is one of them, once somebody does."""
        deadline = time.monotonic() + 60
        while not (leading := [pod for pod in pods if pod.leads()]):
            self.assertLess(time.monotonic(), deadline, "\n".join(pod.said() for pod in pods))
            time.sleep(0.1)
        self.assertEqual(len(leading), 1)
        return leading[0]

    def test_two_pods_are_ready_and_each_may_be_the_one_that_is_lost(self):
        first, second, third = self.pods
        first.up()
        self.addCleanup(first.end, signal.SIGKILL)
        self.assertIs(self.await_leader([first]), first)
        second.up()
        self.addCleanup(second.end, signal.SIGKILL)
        self.assertIs(self.await_leader([first, second]), first)
        # An order and a webhook that the one that stands by is given.
        code, out = second.inside("maand", "reconcile", "--wait")
        self.assertEqual(code, 0, out + first.said() + second.said())
        self.assertRegex(self.all.of_clock("time"), r"^clock 1\.0\.0: ")
        self.assertIn("maand prod: applied", self.all.note())
        body = json.dumps({"ref": "refs/heads/main", "after": "0" * 40}).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        answer = get(8486, "/webhook/github", body, host=second.address, **{
            "Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": "1",
            "X-Hub-Signature-256": f"sha256={signature}"})
        self.assertEqual(answer[0], 202, answer)
        code, out = first.inside("sh", "-c", "echo hidden | maand secrets set --stored clock password")
        self.assertEqual(code, 0, out)
        process = self.all.of_clock("pid")

        first.end(signal.SIGKILL)
        self.assertIs(self.await_leader([second]), second)
        # What Kubernetes puts in its place has nothing of it, and yet what it sealed opens there.
        third.up()
        self.addCleanup(third.end, signal.SIGKILL)
        self.assertIs(self.await_leader([second, third]), second)
        self.assertEqual(second.end(), 0, second.said())  # a drain
        self.assertIs(self.await_leader([third]), third)
        code, out = third.inside("maand", "reconcile", "--wait")
        self.assertEqual(code, 0, out + third.said())
        code, out = third.inside("maand", "cat", "kv", "get", "secrets/job/clock", "password", "--reveal")
        self.assertEqual(code, 0, out)
        self.assertIn("hidden", out)
        self.assertEqual(self.all.of_clock("pid"), process)
        self.assertEqual(third.end(), 0, third.said())
        for pod in self.pods:
            self.assertNotIn(PASSWORD, pod.said())


if __name__ == "__main__":
    if INSIDE not in os.environ and PROGRAMS is None:
        print("skipped: there is no PostgreSQL server here")
        sys.exit(SKIPPED)
    main(__file__)
