"""A worker, a repository and namespaces of their own: what the pod of the chart is tried in. For the tests beside this file."""
import base64
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

from chart import TREE
from kubelet import mount

INSIDE = "MAAND_POD_TEST_WORLD"
WORKER, PORT = "127.0.43.1", "2222"


def encoded(data):
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def get(port, path, body=None, host="127.0.0.1", **headers):
    """Status and text; None: nobody listens."""
    request = urllib.request.Request(f"http://{host}:{port}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None, ""


class World:
    """In a directory in memory. `worker_key` and `known_hosts` open the worker."""

    def __init__(self, test_class):
        self.at = pathlib.Path(os.environ[INSIDE])
        mount("-t", "tmpfs", "world", self.at)
        self._start_worker(test_class)
        self.worker_key = (self.at / "workers/client_key").read_bytes()
        self.known_hosts = f"[{WORKER}]:{PORT} " + (self.at / "workers" / WORKER / "host_key.pub").read_text()

    def _start_worker(self, test_class):
        """A real sshd. It ends, with all that runs there, when its stdin is closed."""
        script, workers = TREE / "tests/package/sshd_workers.sh", self.at / "workers"
        subprocess.run([script, "prepare", workers, WORKER], check=True)
        worker = subprocess.Popen([script, "run", workers, "root", PORT, WORKER], text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        test_class.addClassCleanup(worker.wait)
        test_class.addClassCleanup(worker.stdin.close)
        test_class.addClassCleanup(worker.stdout.close)
        assert worker.stdout.readline() == "ready\n"

    def make_repository(self, *kubelets):
        """file:///srv/fleet.git of each of them: one job, a clock on the worker."""
        checkout, bare = self.at / "checkout", self.at / "fleet.git"
        shutil.copytree(TREE / "docs/examples/quickstart/jobs/clock", checkout / "workspace/jobs/clock")
        (checkout / "workspace/workers.json").write_text(json.dumps([{"host": WORKER}]))
        git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-C", str(checkout)]
        subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "a clock"], check=True)
        subprocess.run(["git", "clone", "-q", "--bare", checkout, bare], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["chown", "-R", "10001:10001", bare], check=True)
        for kubelet in kubelets:
            # It stands for a git host: no part of the pod's own root.
            there = kubelet.root / "srv/fleet.git"
            there.mkdir()
            mount("--bind", bare, there)

    def note(self):
        return subprocess.run(["git", "-C", self.at / "fleet.git", "-c", "safe.directory=*", "notes", "--ref=maand", "show",
                               "main"], check=True, capture_output=True, text=True).stdout

    def of_clock(self, name, patience=30):
        """A file that the job on the worker writes, once it has."""
        deadline = time.monotonic() + patience
        while not (found := [path for path in (self.at / "workers" / WORKER / "opt/worker").rglob(f"data/{name}")
                             if path.stat().st_size > 0]):
            assert time.monotonic() < deadline, f"data/{name} was not written"
            time.sleep(0.05)
        return found[0].read_text()


def ready(main, host, alive, said):
    """Until every probe of the container succeeds at `host`; its ports."""
    ports = {port["name"]: port["containerPort"] for port in main["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        want = main[probe]["httpGet"]
        deadline = time.monotonic() + 60
        # A kubelet asks by the address of the pod.
        while (answer := get(ports[want["port"]], want["path"], host=host, Host="10.244.0.7:8485"))[0] != 200:
            assert alive(), said()
            assert time.monotonic() < deadline, f"{probe}: {answer}\n{said()}"
            time.sleep(0.05)
    return ports


def main(file):
    """Runs the tests of `file` in namespaces of their own."""
    if INSIDE in os.environ:
        subprocess.run(["busybox", "ip", "link", "set", "lo", "up"], check=True)
        unittest.main(argv=sys.argv[:1], verbosity=2)
    with tempfile.TemporaryDirectory(prefix="maand-pod-") as world:
        # Everything ends with the first process of the namespace.
        sys.exit(subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                                 sys.executable, "-B", file, os.path.abspath(sys.argv[1])],
                                env={**os.environ, INSIDE: world}).returncode)
