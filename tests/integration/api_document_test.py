#!/usr/bin/python3
"""What the daemon answers is what its OpenAPI document says, member by member.

usage: api_document_test.py MAAND

A real daemon over a real repository; its one worker answers nobody, so that there
is something to tell of. Every route that the daemon knows has to be in the document
and the other way round, and no answer may hold a member that the document lacks.
"""

import copy
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from jsonschema import Draft202012Validator

MAAND = sys.argv.pop()
ROOT = "/api/v1/"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def run(*words, cwd=None):
    return subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True, env={
        **os.environ, "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@t", "GIT_CONFIG_GLOBAL": "/dev/null"}).stdout


def strict(schema):
    """The same, but a member that is not documented is a mistake."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for one in schema.values():
            strict(one)
    elif isinstance(schema, list):
        for one in schema:
            strict(one)


class Daemon:
    """A bucket whose daemon has judged one commit."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        tree, remote = self.directory / "tree", self.directory / "remote.git"
        run("git", "init", "-q", "--bare", "-b", "main", str(remote))
        run("git", "init", "-q", "-b", "main", str(tree))
        workspace = tree / "workspace"
        for job in ("api", "web"):
            (workspace / "jobs" / job).mkdir(parents=True)
            (workspace / "jobs" / job / "manifest.json").write_text('{"version": "1.0.0", "selectors": ["worker"]}')
            (workspace / "jobs" / job / "Makefile").write_text("start stop restart:\n\t@true\n")
        (workspace / "jobs" / "broken").mkdir()
        (workspace / "jobs" / "broken" / "manifest.json").write_text("{")
        (workspace / "workers.json").write_text('[{"host": "127.0.0.1", "ssh": {"port": 1}}]')
        run("git", "add", "-A", cwd=tree)
        run("git", "commit", "-qm", "first", cwd=tree)
        run("git", "push", "-q", str(remote), "main", cwd=tree)
        self.commit = run("git", "rev-parse", "HEAD", cwd=tree).strip()
        (workspace / "jobs" / "more").mkdir()
        (workspace / "jobs" / "more" / "manifest.json").write_text('{"version": "1.0.0", "selectors": ["worker"]}')
        (workspace / "jobs" / "more" / "Makefile").write_text("start stop restart:\n\t@true\n")
        run("git", "add", "-A", cwd=tree)
        run("git", "commit", "-qm", "proposed", cwd=tree)
        run("git", "push", "-q", str(remote), "HEAD:refs/pull/3/head", cwd=tree)
        self.bucket = self.directory / "bucket"
        run(MAAND, "init", "--repo", f"file://{remote}", str(self.bucket))
        self.log = open(self.directory / "daemon.log", "w")
        self.process = subprocess.Popen(
            [MAAND, "--bucket", str(self.bucket), "serve"], stderr=self.log,
            env={**os.environ, "MAAND__GIT__PREVIEW_REFS": "refs/pull/*/head", "MAAND__HTTP__LISTEN": "", "MAAND__HTTP__HEALTH_LISTEN": ""})

    def ask(self, method, path, body=None):
        connection = UnixConnection(str(self.bucket / "data" / "maand.sock"))
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        reply = connection.getresponse()
        answer = json.loads(reply.read())
        connection.close()
        return reply.status, answer

    def wait_until(self, holds):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                status = self.ask("GET", ROOT + "status")[1]
                if holds(status):
                    return status
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("the daemon did not come that far:\n" + open(self.log.name).read())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


class ApiDocument(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="maand-api-")
        cls.daemon = Daemon(cls.directory.name)
        try:
            cls.daemon.wait_until(lambda status: status["workers_set_aside"] and status["phase"] == "idle")
            cls.document = cls.daemon.ask("GET", ROOT + "openapi.json")[1]
        except BaseException:
            cls.tearDownClass()
            raise
        cls.strict = copy.deepcopy(cls.document)
        strict(cls.strict["components"]["schemas"])

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        cls.directory.cleanup()

    def check(self, method, path, body=None, like=None):
        """The answer to `path` is what the document says of `like`; returns it."""
        status, answer = self.daemon.ask(method, path, body)
        operation = self.strict["paths"][like or path.split("?")[0]][method.lower()]
        self.assertIn(str(status), operation["responses"], f"{method} {path}: {answer}")
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        whole = {**schema, "components": self.strict["components"]}
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in Draft202012Validator(whole).iter_errors(answer)]
        self.assertEqual(errors, [], f"{method} {path}")
        return status, answer

    def until(self, path, like, holds):
        """The same, looked at again until it holds: the worker is tried again and again meanwhile."""
        deadline = time.monotonic() + 60
        while True:
            answer = self.check("GET", path, like=like)[1]
            if holds(answer):
                return answer
            self.assertLess(time.monotonic(), deadline, f"{path}: {answer}")
            time.sleep(0.1)

    def test_the_document_is_a_document(self):
        self.assertTrue(self.document["openapi"].startswith("3."))
        for name, schema in self.document["components"]["schemas"].items():
            Draft202012Validator.check_schema(schema)
            self.assertTrue(name[0].isupper())

    def test_it_tells_every_route_there_is_and_no_other(self):
        for method in ("GET", "POST"):
            status, answer = self.daemon.ask(method, ROOT + "nothing", {} if method == "POST" else None)
            self.assertEqual(status, 404)
            known = {ROOT + route for route in answer["error"].removeprefix("known here: ").split(", ")}
            told = {path for path, operations in self.document["paths"].items() if method.lower() in operations}
            self.assertEqual(known, told, method)

    def test_every_read_is_as_documented(self):
        commit = self.daemon.commit
        status = self.until(ROOT + "status", None, lambda status: status["workers_set_aside"])
        self.assertEqual(status["head"], commit)
        self.assertEqual(status["workers_set_aside"][0]["worker"], "127.0.0.1")
        self.check("GET", ROOT + "allocations")
        self.check("GET", ROOT + "jobs/api", like=ROOT + "jobs/{name}")
        self.assertEqual(self.check("GET", ROOT + "jobs/none", like=ROOT + "jobs/{name}")[0], 404)
        plan = self.check("GET", ROOT + "plan")[1]
        self.assertEqual([job["job"] for job in plan["jobs"]], ["api", "broken", "web"])
        files = self.until(ROOT + "plan/api/127.0.0.1", ROOT + "plan/{job}/{worker}", lambda plan: "files" in plan)["files"]
        self.assertEqual([one["path"] for one in files], ["Makefile"])
        self.assertEqual(self.check("GET", ROOT + "plan/none/w", like=ROOT + "plan/{job}/{worker}")[0], 404)
        self.assertEqual(self.check("GET", ROOT + "commits?limit=1")[1][0]["commit"], commit)
        note = self.check("GET", f"{ROOT}commits/{commit}/note", like=ROOT + "commits/{id}/note")
        self.assertIn("held", note[1]["note"])
        for wrong in ("0" * 40, "HEAD", "..%2f..%2fx"):
            self.assertEqual(self.check("GET", f"{ROOT}commits/{wrong}/note", like=ROOT + "commits/{id}/note")[0], 404)
        for nobody in ("none/w", "..%2f..%2fmaand.conf/x", "%00/x"):
            self.assertEqual(self.check("GET", f"{ROOT}logs/{nobody}", like=ROOT + "logs/{job}/{worker}")[0], 404)
        self.check("GET", ROOT + "whoami")
        for _ in range(300):
            preview = self.check("GET", ROOT + "previews")[1]["previews"][0]
            if "plan" in preview:
                break
            time.sleep(0.1)
        self.assertEqual((preview["ref"], preview["result"]), ("refs/pull/3/head", "changes"))

    def test_output_is_told_piece_by_piece(self):
        logs = self.daemon.bucket / "data" / "logs"
        logs.mkdir(exist_ok=True)
        (logs / "web@w9.log").write_bytes("one\n€uro\n".encode() + b"\xff\n" + "half €".encode()[:-1])
        ask = lambda start: self.check("GET", f"{ROOT}logs/web/w9?from={start}", like=ROOT + "logs/{job}/{worker}")[1]
        whole = ask(0)
        self.assertEqual(whole["text"], "one\n€uro\n\ufffd\nhalf ")
        with open(logs / "web@w9.log", "ab") as log:
            log.write("€".encode()[-1:] + b"\n")
        rest = ask(whole["next"])
        self.assertEqual(rest["text"], "€\n")
        self.assertEqual(ask(rest["next"])["text"], "")
        self.assertEqual(ask(-4)["text"], "€\n")
        self.assertEqual(ask(10 ** 9)["from"], 0, "another file took its place")
        (logs / "web@w9.log").write_bytes(b"x" * 600_000)
        self.assertEqual(len(ask(0)["text"]), 256 * 1024)

    def test_every_order_is_as_documented(self):
        post = lambda route, body: self.check("POST", ROOT + route, body)
        self.assertEqual(post("suspend", {"job": "api", "reason": "work", "for": "1h"})[0], 200)
        status = self.check("GET", ROOT + "status")[1]
        self.assertEqual([(one["job"], one["reason"]) for one in status["suspended"]], [("api", "work")])
        self.daemon.wait_until(lambda status: any(job["reason"] == "Suspended" for job in status["rollout"]))
        self.check("GET", ROOT + "plan")
        self.assertEqual(post("suspend", {"job": "none", "reason": "work", "for": "1h"})[0], 404)
        self.assertEqual(post("suspend", {"job": "api", "reason": "work", "for": "soon"})[0], 400)
        self.assertEqual(post("suspend", {"job": 5, "reason": "work", "for": "1h"})[0], 400)
        self.assertEqual(post("resume", {"job": "web"})[0], 404)
        self.assertEqual(post("resume", {"job": "api"})[0], 200)
        self.assertEqual(post("rollback", {"job": "api", "to": "main", "reason": "slow", "for": "1h"})[0], 200)
        status = self.check("GET", ROOT + "status")[1]
        self.assertEqual([(one["job"], one["commit"]) for one in status["pinned"]], [("api", self.daemon.commit)])
        self.assertEqual(post("rollback", {"job": "api", "to": "nowhere", "reason": "slow"})[0], 404)
        self.assertEqual(post("rollback", {"job": "broken", "to": "main", "reason": "slow"})[0], 404)
        self.assertEqual(post("rollback", {"job": "api", "to": "main"})[0], 400)
        self.assertEqual(post("resume", {"job": "api"})[0], 200)
        self.assertEqual(post("retry", {"job": "api"})[0], 200)
        self.assertEqual(post("retry", {"job": "none"})[0], 404)
        self.assertEqual(post("release", {"subject": self.daemon.commit})[0], 200)
        self.assertEqual(post("release", {})[0], 400)
        self.assertEqual(post("takeover", {"reason": "a drill"})[0], 200)
        self.assertEqual(post("forget", {"subject": "none@w9"})[0], 404)
        self.assertEqual(post("forget", {})[0], 400)
        self.assertEqual(post("worker", {"verb": "reset", "host": "none.example"})[0], 404)
        self.assertEqual(post("worker", {"verb": "undrain", "host": "none.example"})[0], 404)
        self.assertEqual(post("worker", {"verb": "drain", "host": "none.example"})[0], 404)
        self.assertEqual(post("worker", {"verb": "drain", "host": "127.0.0.1", "reason": "disks"})[0], 200)
        self.assertEqual(self.check("GET", ROOT + "status")[1]["drained"][0]["worker"], "127.0.0.1")
        self.assertEqual(post("worker", {"verb": "undrain", "host": "127.0.0.1"})[0], 200)
        self.assertEqual(post("worker", {"verb": "paint", "host": "none.example"})[0], 400)
        order = post("job", {"verb": "restart", "job": "api"})
        self.assertEqual(order[0], 200)
        told = self.check("GET", ROOT + "orders/" + order[1]["message"], like=ROOT + "orders/{id}")[1]
        self.assertEqual((told["verb"], told["job"]), ("restart", "api"))
        self.assertEqual(self.check("GET", ROOT + "orders/none", like=ROOT + "orders/{id}")[0], 404)
        self.assertEqual(post("job", {"verb": "restart"})[0], 400)
        self.assertEqual(post("job", {"verb": "restart", "job": "none"})[0], 404)
        self.assertEqual(post("job", {"verb": "restart", "job": "api", "for": "1h"})[0], 400)
        self.assertEqual(post("cut", {"order": "none"})[0], 404)
        self.assertEqual(post("cut", {})[0], 400)
        self.assertTrue(post("reconcile", {})[1]["message"].isdigit())


if __name__ == "__main__":
    unittest.main()
