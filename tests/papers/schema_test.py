#!/usr/bin/python3
"""The schemas that `maand schema` prints say of documents what the parsers say.

usage: schema_test.py MAAND VERDICTS

Tables first, then documents that are good and get changed at random (the same ones
every time). The one difference that is allowed: what no schema can say, which is
listed in PARSER_ONLY and BEYOND by the parser's own words.
"""

import copy
import json
import random
import re
import subprocess
import sys
import tomllib
import unittest

from jsonschema import Draft202012Validator

MAAND, VERDICTS = sys.argv[-2:]
del sys.argv[-2:]

# Errors that need another file, another field or a number's spelling: what a random change
# may bring up and no schema can know. More of them, one by one, are in BEYOND.
PARSER_ONLY = {
    "manifest": r"is no port of|is also the port|is above max|min_version is above|is the job itself|not built yet",
    "workers": r"is listed already|is still listed|is named by entry|is the host itself",
    "conf": r"takes in our own|not built yet",
}


def schema(name):
    return json.loads(subprocess.run([MAAND, "schema", name], check=True, capture_output=True, text=True).stdout)


def toml_of(document):
    """Of what JSON can say; sections one level deep."""
    def value(one):
        if isinstance(one, str):
            return json.dumps(one).replace("\x7f", "\\u007f")
        if isinstance(one, dict):
            return "{" + ", ".join(f"{json.dumps(k)} = {value(v)}" for k, v in one.items()) + "}"
        if isinstance(one, list):
            return "[" + ", ".join(map(value, one)) + "]"
        return json.dumps(one)

    return "".join(f"{json.dumps(k)} = {value(v)}\n" for k, v in document.items())


class Parser:
    """The product's parsers, in a process that is asked line by line."""

    def __init__(self):
        self.process = subprocess.Popen([VERDICTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def errors(self, kind, document):
        text = toml_of(document) if kind == "conf" else json.dumps(document)
        self.process.stdin.write(json.dumps({"kind": kind, "text": text}) + "\n")
        self.process.stdin.flush()
        return [f"{e['field']} {e['message']}" for e in json.loads(self.process.stdout.readline())]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)


ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3X1tq9oEHTS2cE5k8gq3n9Yk0GJ0VhN2b0c1d2e3f4"
CHECK = {"type": "tcp", "port": "http"}


def probe(**check):
    return {"resources": {"ports": {"http": {}}}, "health_check": {"checks": [check]}}


def command(**parts):
    return {"version": "1", "commands": {"command_x": {"executed_on": ["cli"], **parts}}}


def demand(**parts):
    return command(demands={"job": "db", "command": "command_up", **parts})


FULL_MANIFEST = {
    "version": "1.4.2-rc.1", "selectors": ["web", "eu"], "max_concurrent_starts": 2, "max_concurrent_upgrades": 1,
    "min_allocations_count": 1, "restart_policy": "reload", "restart_globs": ["bin/*", "**/*.service", "[a-c]?"],
    "resources": {"memory": {"min": "64 mb", "max": "1.5 GB"}, "cpu": {"min": "100", "max": "1ghz"},
                  "ports": {"http": {}, "dns": 53}},
    "health_check": {"checks": [CHECK, {"type": "http", "port": "dns", "path": "/ok", "scheme": "https",
                                        "expect_status": 204, "via": "ssh"}, {"type": "ssh", "command": "true"}],
                     "timeout_seconds": 5, "wait": {"attempts": 30, "interval_seconds": 1}},
    "timeouts": {"start": 60, "stop": 1, "restart": 86400, "reload": 5, "status": 10},
    "drift": {"status": True, "ignore": ["*.log"]},
    "files": {"etc/*": {"mode": "0640", "owner": "root", "group": "adm"}, "*": None},
    "rollout": {"on_failure": "rollback", "canary": 1, "bake_seconds": 5, "max_failures": 1, "max_unavailable": 2,
                "attempts": 3, "move": "start_first", "progress_timeout_seconds": 60, "confirm_seconds": 10},
    "commands": {"command_migrate": {"executed_on": ["cli"],
                                     "demands": {"job": "db", "command": "command_up",
                                                 "config": {"min_version": "1.2", "max_version": 3, "other": []}}}},
    "certs": {"tls": {"subject": {"common_name": "web"}, "key": "rsa4096"}, "a.b_c-1": None,
              "Peer": {"pkcs8": True, "one": True, "key": "ecdsa-p256"}},
    "renamed_from": "www",
}
FULL_WORKERS = [
    {"host": "10.0.0.1", "address": "node.example", "host_key": ED, "labels": ["web", "EU"], "tags": {"zone": "a"},
     "hostname": "one", "position": -3, "memory": "16 gb", "cpu": "8 ghz",
     "ssh": {"port": 22, "user": "agent", "key": "keys/one", "jump": "me@bastion:22", "use_sudo": False}},
    {"host": "fd00::1", "host_key": [ED], "was": "10.0.0.9"},
]
FULL_CONF = {
    "bucket_id": "b-1", "name": "prod", "worker_root": "/opt/worker", "job_config_selector": "eu", "certs_ttl": 60,
    "certs_renewal_buffer": 10, "log_format": "json",
    "ssh": {"user": "agent", "key": "worker.key", "port": 22, "use_sudo": True, "jump": "", "host_key_policy": "strict",
            "connect_timeout": "15s", "sessions_per_worker": 4, "max_starting": 16},
    "git": {"url": "git@example.com:a/b.git", "branch": "main", "path": "deploy/workspace", "poll_interval": "1m30s",
            "ssh_key": "agent", "username": "", "token_file": "t", "notes_ref": "refs/notes/maand", "push_notes": True,
            "notes": "all", "notes_url": "https://example.com/n.git", "preview_refs": ["refs/pull/*/head"]},
    "policy": {"verify": "head", "keyring": "k", "max_removals": "50%", "max_failures": 3, "max_workers_aside": "10%"},
    "rollout": {"max_parallel_workers": 64, "lifecycle_timeout": "10m"},
    "http": {"listen": "127.0.0.1:8484", "health_listen": "", "tokens_file": "tokens", "allow_plaintext": False},
    "webhook": {"github_secret_file": "hook"},
    "hooks": {"enabled": False, "sandbox": "bwrap", "port": 8080, "timeout": "10m"},
    "health": {"interval": "60s"}, "drift": {"interval": "1h", "mode": "heal"},
    "notify": {"severity": "warning", "webhook_url": "https://example.com/in?a=b", "mail_to": ["ops@example.com"],
               "mail_from": "maand@example.com", "smtp_url": "smtp://mail:25", "smtp_starttls": True,
               "commit_status": "github", "commit_status_context": "maand"},
    "limits": {"max_file_bytes": "256MiB", "preview_timeout": "30s", "preview_memory": 1073741824, "previews": 20},
    "state": {"url": "sqlite:data/state.db", "recovery": "manual"},
}

GOOD = {
    "manifest": [
        FULL_MANIFEST, {}, None, {"version": None}, {"version": " v1 "}, {"version": "unknown"}, {"version": ""},
        {"unknown_field": 5}, {"selectors": []}, {"selectors": [None, "a"]}, {"max_concurrent_starts": -5},
        {"restart_policy": "never"}, {"restart_policy": ""}, {"restart_globs": []},
        {"restart_policy": "reload", "restart_globs": ["**/[/b", "a**[", "[^a-z]", "\\*", "**/"]},
        {"resources": {"memory": {"min": "1e3"}}}, {"resources": {"memory": {"min": ".5 tb"}}}, {"resources": None},
        {"health_check": {"timeout_seconds": "ignored without checks"}}, {"health_check": {"checks": []}},
        probe(type=" HTTP ", port=" http "), probe(type="tcp", port="http", path="ignored"),
        probe(type="http", port="http", expect_status=0), probe(type="ssh", command="x", port="ignored"),
        command(), {"commands": {"command_": {"executed_on": ["cli", "cli"]}}},
        command(demands={"job": " ", "command": "", "config": 5}), demand(), demand(config={"min_version": None}),
        {"files": {"a": {"mode": "400"}}}, {"renamed_from": ""}, {"deploy_parallel_count": 3}, {"certs": {}},
        {"certs": {"a": {}}}, {"certs": {"a": {"subject": None, "key": None, "one": None}}},
    ],
    "workers": [
        FULL_WORKERS, [{"host": " a.b "}], [{"host": "::"}], [{"host": "1.2.3.4", "unknown": 1}],
        [{"host": "h", "host_key": None, "ssh": None, "labels": None, "tags": {"a": None}, "address": "", "was": " "}],
        [{"host": "h", "host_key": []}], [{"host": "h", "labels": ["", "worker"]}],
        [{"host": "h", "ssh": {"key": "agent", "jump": "a@[::1]:65535"}}],
    ],
    "conf": [
        FULL_CONF, {}, {"ssh": {}}, {"certs_ttl": 0}, {"log_format": ""}, {"use_sudo": True, "ssh": {"port": 0}},
        {"ssh_port": -4}, {"ssh_user": " "}, {"ssh_key": ""}, {"git": {"path": ""}}, {"git": {"url": "file:///a"}},
        {"git": {"url": "ssh://git@host:22/a"}}, {"state": {"url": "postgresql://x"}}, {"hooks": {"enabled": True}},
        {"policy": {"max_removals": 0}}, {"policy": {"max_removals": "100%"}}, {"limits": {"max_file_bytes": 1}},
        {"notify": {"commit_status": "off"}}, {"notify": {"smtp_url": "smtps://[::1]:465/"}},
        {"http": {"listen": "[::1]:1"}}, {"http": {"listen": " localhost:65535 "}},
    ],
}

BAD = {
    "manifest": [
        [], 5, "x", {"version": 1}, {"version": "1.2.3.4"}, {"version": "1.0+b"}, {"version": "1.0-"},
        {"version": "vv1"}, {"selectors": "web"}, {"selectors": [1]}, {"max_concurrent_starts": "1"},
        {"max_concurrent_starts": 1.5}, {"min_allocations_count": -1}, {"restart_policy": "Always"},
        {"restart_policy": True}, {"restart_globs": ["a"]}, {"restart_policy": "reload", "restart_globs": ["["]},
        {"restart_policy": "reload", "restart_globs": [""]}, {"restart_policy": "reload", "restart_globs": ["[]a]"]},
        {"restart_policy": "reload", "restart_globs": ["[^]"]}, {"restart_policy": "reload", "restart_globs": ["a\\"]},
        {"restart_policy": "reload", "restart_globs": ["**/["]}, {"restart_policy": "reload", "restart_globs": [None]},
        {"resources": []}, {"resources": {"memory": {"min": 512}}}, {"resources": {"memory": {"min": "1 kb"}}},
        {"resources": {"memory": {"min": "1 ghz"}}}, {"resources": {"cpu": {"max": "1.2.3 mhz"}}},
        {"resources": {"cpu": {"max": "-1"}}}, {"resources": {"ports": {"Http": {}}}},
        {"resources": {"ports": {"http": {"a": 1}}}}, {"resources": {"ports": {"http": 0}}},
        {"resources": {"ports": {"http": 65536}}}, {"resources": {"ports": {"http": "80"}}},
        {"resources": {"ports": {"http": None}}}, {"health_check": {"checks": {}}}, {"health_check": {"checks": [None]}},
        probe(type="udp", port="http"), probe(port="http"), probe(type="tcp"), probe(type="tcp", port=" "),
        probe(type="http", port="http", path="x"), probe(type="http", port="http", path="/\u0001"),
        probe(type="http", port="http", scheme="ftp"), probe(type="http", port="http", expect_status=99),
        probe(type="tcp", port="http", expect_status="200"), probe(type="tcp", port="http", via="moon"),
        probe(type="ssh"), probe(type="ssh", command=" "), probe(type="ssh", command="a", via="controller"),
        probe(type="ssh", command="a\u0000b"),
        {**probe(**CHECK), "health_check": {"checks": [CHECK], "timeout_seconds": 86401}},
        {**probe(**CHECK), "health_check": {"checks": [CHECK], "wait": {"attempts": "3"}}},
        {"timeouts": {"start": 0}}, {"timeouts": {"begin": 5}}, {"timeouts": {"status": 601}},
        {"drift": {"status": 1}}, {"drift": {"ignore": ["["]}}, {"drift": {"other": 1}},
        {"files": {"[": {}}}, {"files": {"a": 5}}, {"files": {"a": {"mode": "0200"}}}, {"files": {"a": {"mode": "1777"}}},
        {"files": {"a": {"mode": 640}}}, {"files": {"a": {"owner": "-a"}}}, {"files": {"a": {"group": ""}}},
        {"rollout": {"canary": -1}}, {"rollout": {"on_failure": "cry"}}, {"rollout": {"attempts": 0}},
        {"rollout": {"canarys": 1}}, {"rollout": {"move": ""}}, {"rollout": {"bake_seconds": 2678401}},
        {"commands": {"migrate": {"executed_on": ["cli"]}}}, {"commands": {"command_x": {}}},
        {"commands": {"command_x": None}}, {"commands": {"command_x": {"executed_on": []}}},
        {"commands": {"command_x": {"executed_on": ["sometimes"]}}}, {"commands": {"command_x": {"executed_on": [None]}}},
        command(demands={"job": "db"}), command(demands={"command": "command_up"}), demand(job="a b"),
        demand(command="up"), demand(config=5), demand(config={"min_version": "x"}), demand(config={"min_version": -1}),
        demand(config={"max_version": 1.5}), {k: v for k, v in demand().items() if k != "version"},
        {**demand(), "version": "unknown"}, {"renamed_from": "a/b"}, {"deploy_parallel_count": True},
        {"certs": []}, {"certs": {"ca": {}}}, {"certs": {"a/b": {}}}, {"certs": {"..": {}}}, {"certs": {"": {}}},
        {"certs": {"a": 1}}, {"certs": {"a": {"one": "yes"}}}, {"certs": {"a": {"key": "rsa2048"}}},
        {"certs": {"a": {"key": ""}}}, {"certs": {"a": {"subject": "x"}}},
    ],
    "workers": [
        None, {}, [], [None], ["10.0.0.1"], [{}], [{"host": ""}], [{"host": None}], [{"host": 5}], [{"host": "a b"}],
        [{"host": "1.2.3"}], [{"host": "256.1.1.1"}], [{"host": "01.2.3.4"}], [{"host": "-a"}], [{"host": "a_b"}],
        [{"host": "h", "address": "x y"}], [{"host": "h", "was": "a/b"}], [{"host": "h", "host_key": "ssh-dss AAAA"}],
        [{"host": "h", "host_key": ""}], [{"host": "h", "host_key": [None]}], [{"host": "h", "host_key": {}}],
        [{"host": "h", "host_key": "ssh-ed25519 AAAAshort"}], [{"host": "h", "labels": "a"}],
        [{"host": "h", "labels": [1]}], [{"host": "h", "tags": []}], [{"host": "h", "tags": {"a": 1}}],
        [{"host": "h", "position": "1"}], [{"host": "h", "position": 1.5}], [{"host": "h", "memory": 16}],
        [{"host": "h", "memory": "16 gib"}], [{"host": "h", "cpu": "-1"}], [{"host": "h", "hostname": 5}],
        [{"host": "h", "ssh": {"port": 0}}], [{"host": "h", "ssh": {"prot": 1}}], [{"host": "h", "ssh": {"user": "a b"}}],
        [{"host": "h", "ssh": {"key": "../x"}}], [{"host": "h", "ssh": {"key": "/x"}}],
        [{"host": "h", "ssh": {"key": "a/"}}], [{"host": "h", "ssh": {"jump": "host:22"}}],
        [{"host": "h", "ssh": {"jump": "a@h:65536"}}], [{"host": "h", "ssh": {"use_sudo": "yes"}}],
    ],
    "conf": [
        {"nmae": "x"}, {"ssh": 5}, {"ssh": {"prot": 22}}, {"bucket_id": ""}, {"bucket_id": "-a"}, {"name": ""},
        {"name": "a\nb"}, {"worker_root": "/"}, {"worker_root": "opt"}, {"worker_root": "/a/../b"},
        {"job_config_selector": "a/b"}, {"certs_ttl": -1}, {"certs_ttl": "60"}, {"log_format": "xml"},
        {"ssh": {"port": 65536}}, {"ssh": {"key": "a/b"}}, {"ssh": {"key": ""}}, {"ssh": {"key": ".."}},
        {"ssh": {"use_sudo": "true"}}, {"ssh": {"host_key_policy": "no"}}, {"ssh": {"connect_timeout": 15}},
        {"ssh": {"connect_timeout": "0s"}}, {"ssh": {"connect_timeout": "15"}}, {"ssh": {"connect_timeout": " 15s"}},
        {"ssh": {"sessions_per_worker": 0}}, {"git": {"url": ""}}, {"git": {"url": "https://me:pw@host/a"}},
        {"git": {"url": "https://me@host/a"}}, {"git": {"url": "ssh://me:pw@host/a"}}, {"git": {"branch": " "}},
        {"git": {"path": "../x"}}, {"git": {"path": "/x"}}, {"git": {"notes_ref": "refs/heads/x"}},
        {"git": {"notes": "some"}}, {"git": {"preview_refs": "refs/pull/*/head"}},
        {"git": {"preview_refs": ["refs/notes/*"]}}, {"git": {"preview_refs": ["refs/*/head"]}},
        {"git": {"preview_refs": ["refs/pull/**"]}}, {"git": {"preview_refs": ["refs/pull"]}},
        {"git": {"preview_refs": ["refs/pull/a.lock/b"]}}, {"policy": {"verify": "all"}},
        {"policy": {"max_removals": "101%"}}, {"policy": {"max_removals": -1}}, {"policy": {"max_failures": "3"}},
        {"http": {"listen": "8484"}}, {"http": {"listen": ":8484"}}, {"http": {"listen": "a:65536"}},
        {"hooks": {"port": 0}}, {"hooks": {"sandbox": "vm"}}, {"health": {"interval": "500ms"}},
        {"drift": {"mode": "on"}}, {"notify": {"webhook_url": "ftp://x"}}, {"notify": {"webhook_url": "https://a:b@c/"}},
        {"notify": {"mail_to": "a@b"}}, {"notify": {"mail_to": ["a"]}}, {"notify": {"smtp_url": "smtp://h/path"}},
        {"notify": {"commit_status": "svn"}}, {"limits": {"max_file_bytes": 0}}, {"limits": {"max_file_bytes": "1 MB"}},
        {"limits": {"preview_memory": 1}}, {"limits": {"previews": 501}}, {"state": {"url": "sqlite:"}},
        {"state": {"url": "mysql://x"}}, {"state": {"recovery": "never"}}, {"use_sudo": 1},
        {"ssh_port": 65536}, {"ssh_user": "a", "ssh": {"user": "b"}},
    ],
}

# Bad for the parser alone, and what it says.
BEYOND = {
    "manifest": [
        ({"Version": 5}, "must be text"),  # keys in any case, as Go's decoder has them
        ({"min_allocations_count": 1.0}, "must be a whole number"),
        (probe(type="tcp", port="nope"), "is no port of"),
        ({"resources": {"ports": {"a": 80, "b": 80}}}, "is also the port"),
        ({"resources": {"memory": {"min": "2 gb", "max": "1 gb"}}}, "is above max"),
        ({"resources": {"memory": {"min": "1e300"}}}, "is no amount"),
        (demand(job="web"), "is the job itself"), ({"renamed_from": "web"}, "is the job itself"),
        (demand(config={"min_version": 3, "max_version": 2}), "min_version is above max_version"),
    ],
    "workers": [
        ([{"host": "h"}, {"host": "H"}], "is listed already"), ([{"host": "1::2::3"}], "is no host"),
        ([{"host": "a", "was": "b"}, {"host": "b"}], "is still listed"),
    ],
    "conf": [
        ({"ssh": {"connect_timeout": "400d"}}, "is not accepted"), ({"limits": {"preview_memory": "1MiB"}}, "is not accepted"),
        ({"git": {"preview_refs": ["refs/heads/*"]}}, "takes in our own branch"),
    ],
}


class Schemas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.parser = Parser()
        cls.validators = {}
        for kind in GOOD:
            Draft202012Validator.check_schema(schema(kind))
            cls.validators[kind] = Draft202012Validator(schema(kind))

    @classmethod
    def tearDownClass(cls):
        cls.parser.close()

    def says(self, kind, document):
        """(is good for the schema, errors of the parser but for what is not built yet)"""
        errors = [e for e in self.parser.errors(kind, document) if "not built yet" not in e]
        return self.validators[kind].is_valid(document), errors

    def test_both_accept_what_is_good(self):
        for kind, documents in GOOD.items():
            for document in documents:
                with self.subTest(kind=kind, document=document):
                    self.assertEqual(list(map(str, self.validators[kind].iter_errors(document))), [])
                    self.assertEqual(self.says(kind, document)[1], [])

    def test_both_refuse_what_is_bad(self):
        for kind, documents in BAD.items():
            for document in documents:
                with self.subTest(kind=kind, document=document):
                    valid, errors = self.says(kind, document)
                    self.assertFalse(valid, errors)
                    self.assertNotEqual(errors, [])

    def test_what_only_the_parser_can_refuse_is_known(self):
        for kind, rows in BEYOND.items():
            for document, words in rows:
                with self.subTest(kind=kind, document=document):
                    valid, errors = self.says(kind, document)
                    self.assertTrue(valid)
                    self.assertTrue(any(words in e for e in errors), errors)

    def test_a_change_at_random_never_parts_them(self):
        values = [None, True, 0, 1, -1, 2.5, "", " ", "x", "1", "a/b", "..", "[", "10%", "5s", "1 gb", "web", [], {},
                  ["x"], [None], {"x": 1}, 65536, "0640", "tcp", "http", "reload", "rollback", "command_up", "/x", 10**10]
        for kind, full in (("manifest", FULL_MANIFEST), ("workers", FULL_WORKERS), ("conf", FULL_CONF)):
            rng = random.Random(6)
            bad = 0
            for round_ in range(1500):
                document = copy.deepcopy(full)
                for _ in range(rng.choice((1, 1, 2))):
                    change(document, rng, values)
                # TOML has no null, and a table without a key says nothing to the parser.
                if kind == "conf" and (has_null(document) or {} in document.values()):
                    continue
                valid, errors = self.says(kind, document)
                errors = [e for e in errors if not re.search(PARSER_ONLY[kind], e)]
                bad += bool(errors)
                self.assertEqual(valid, not errors, f"{kind}, round {round_}: {errors}\n{json.dumps(document)}")
            self.assertGreater(bad, 300, kind)

    def test_every_key_of_the_configuration_is_in_its_schema(self):
        known = subprocess.run([VERDICTS, "--keys"], check=True, capture_output=True, text=True).stdout.split()
        told = []
        for name, entry in schema("conf")["properties"].items():
            told += [f"{name}.{key}" for key in entry["properties"]] if "properties" in entry else [name]
        self.assertEqual(sorted(told), sorted(known))

    def test_defaults_and_examples_are_accepted(self):
        def walk(node, path):
            if isinstance(node, dict):
                for one in [node["default"]] if "default" in node else []:
                    yield path, one
                for one in node.get("examples", []):
                    yield path, one
                for name, child in node.get("properties", {}).items():
                    yield from walk(child, path + [name])

        for kind in ("conf", "manifest"):
            for path, value in walk(schema(kind), []):
                document = value
                for name in reversed(path):
                    document = {name: document}
                if path == ["restart_globs"]:
                    document["restart_policy"] = "reload"
                with self.subTest(kind=kind, document=document):
                    self.assertEqual(self.says(kind, document), (True, []))

    def test_the_toml_of_this_test_is_what_python_reads(self):
        self.assertEqual(tomllib.loads(toml_of(FULL_CONF)), FULL_CONF)


def has_null(node):
    if isinstance(node, (dict, list)):
        return any(map(has_null, node.values() if isinstance(node, dict) else node))
    return node is None


def places(node):
    if isinstance(node, (dict, list)):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from places(node[key])


def change(document, rng, values):
    node, key = rng.choice(list(places(document)))
    action = rng.randrange(4)
    if action == 0:
        del node[key]
    elif action == 1 and isinstance(node, dict):
        node[rng.choice(("other", "x y", "host", "mode", "command_z", "port"))] = node[key]
    else:
        node[key] = copy.deepcopy(rng.choice(values))


if __name__ == "__main__":
    unittest.main()
