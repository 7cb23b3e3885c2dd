"""A git repository, sshd workers, a bucket and the daemon: what the page is about."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

GIT = {"GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@localhost", "GIT_COMMITTER_NAME": "test",
       "GIT_COMMITTER_EMAIL": "test@localhost", "GIT_CONFIG_GLOBAL": "/dev/null"}

# `restart` goes on when the test has put data/go there, and takes it away.
MAKEFILE = """start stop reload:
\t@echo "$@ $(NEW_VERSION)"
restart:
\t@echo "restart to $(NEW_VERSION) waits for data/go"
\t@mkdir -p data; until [ -e data/go ]; do sleep 0.05; done; rm data/go
\t@echo "restart to $(NEW_VERSION) is over"
.PHONY: start stop restart reload
"""


def eventually(done, what, seconds=60):
    end = time.monotonic() + seconds
    while True:
        value = done()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"never true: {what}")
        time.sleep(0.05)  # lint-allow-sleep: other processes tell no event


class RealWorld:
    def __init__(self, maand, fleet, workers=3):
        self.folder = tempfile.TemporaryDirectory(prefix="maand-dashboard-")
        self.maand_binary = maand
        self.repository = os.path.join(self.folder.name, "repo.git")
        self.checkout = os.path.join(self.folder.name, "checkout")
        self.bucket = os.path.join(self.folder.name, "demo")
        self.daemon = None
        fleet_folder = os.path.join(self.folder.name, "fleet")
        os.mkdir(fleet_folder)
        self.fleet = subprocess.Popen([fleet, "--directory", fleet_folder, "--workers", str(workers), "--user", "root"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.fleet.stdout.readline().strip() != "ready":
            raise RuntimeError("the workers did not start")
        with open(os.path.join(fleet_folder, "fleet.json"), encoding="utf-8") as file:
            self.about = json.load(file)
        self.workers = [worker["address"] for worker in self.about["workers"]]
        self.run("git", "init", "-q", "--bare", "-b", "main", self.repository)
        self.run("git", "init", "-q", "-b", "main", self.checkout)
        self.maand("init", "--repo", "file://" + self.repository, self.bucket)
        for name in os.listdir(self.about["secrets"]):
            target = os.path.join(self.bucket, "secrets", name)
            with open(os.path.join(self.about["secrets"], name), "rb") as file, open(target, "wb") as out:
                out.write(file.read())
            os.chmod(target, 0o600)
        self.url = f"http://127.0.0.1:{self.free_port()}"
        self.settings(ssh={"user": '"root"', "key": '"worker.key"', "use_sudo": "false", "port": str(self.about["workers"][0]["port"])},
                      git={"poll_interval": '"1s"'}, http={"listen": f'"{self.url[7:]}"', "health_listen": '""'})

    def fleet_do(self, words):
        """`kill 0`, `restart 0`: to a worker, by its number."""
        self.fleet.stdin.write(words + "\n")
        self.fleet.stdin.flush()
        answer = self.fleet.stdout.readline().strip()
        if answer != "ok":
            raise AssertionError(f"{words}: {answer}")

    @staticmethod
    def free_port():
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            return one.getsockname()[1]

    def run(self, *command, **more):
        done = subprocess.run(command, env={**os.environ, **GIT}, capture_output=True, text=True, check=False, **more)
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def maand(self, *arguments):
        return self.run(self.maand_binary, *arguments)

    def settings(self, **sections):
        path = os.path.join(self.bucket, "maand.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for section, keys in sections.items():
            for key, value in keys.items():
                head, tail = re.split(rf"(?m)^\[{section}\]\n", text, maxsplit=1)
                body, *rest = re.split(r"(?m)^(?=\[)", tail, maxsplit=1)
                body = re.sub(rf"(?m)^#? *{key} *=.*\n", "", body)
                text = f"{head}[{section}]\n{key} = {value}\n{body}{''.join(rest)}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def serve(self):
        with open(os.path.join(self.folder.name, "daemon.log"), "ab") as log:
            self.daemon = subprocess.Popen([self.maand_binary, "--bucket", self.bucket, "serve"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        port = int(self.url.rsplit(":", 1)[1])

        def listens():
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", port)) == 0
        eventually(listens, "maand serve listens\n" + self.log())

    def log(self):
        with open(os.path.join(self.folder.name, "daemon.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def commit(self, files, message):
        for path, text in files.items():
            path = os.path.join(self.checkout, "workspace", path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        git = ["git", "-C", self.checkout]
        self.run(*git, "add", "-A")
        self.run(*git, "commit", "-q", "-m", message)
        self.run(*git, "push", "-q", "file://" + self.repository, "main")
        return self.run(*git, "rev-parse", "HEAD").strip()

    def workers_json(self):
        return json.dumps([{"host": worker} for worker in self.workers])

    @staticmethod
    def job(name, version):
        return {f"jobs/{name}/app.conf": f"shows = {version}\n", f"jobs/{name}/manifest.json": json.dumps({"version": version, "selectors": ["worker"]}), f"jobs/{name}/Makefile": MAKEFILE}

    def let_go(self, worker, job):
        """Lets the restart of a job on a worker, by its number, go on."""
        root = self.about["workers"][worker]["root"]

        def jobs():
            return [os.path.join(base, job) for base, names, _ in os.walk(root) if os.path.basename(base) == "jobs" and job in names]
        folder = eventually(jobs, f"{job} is on worker {worker}")[0]
        os.makedirs(os.path.join(folder, "data"), exist_ok=True)
        with open(os.path.join(folder, "data/go"), "w", encoding="utf-8"):
            pass

    def close(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(20)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        self.fleet.stdin.close()
        self.fleet.wait(30)
        self.folder.cleanup()
