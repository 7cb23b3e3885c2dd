"""Do the five lines of docs/install.md about the chart bring up the real maand? Typed as they stand there, in bash.

There is no cluster, so two programs stand in: a `kubectl` that knows the three lines of it that the page has, and a `helm` that
is the real one, but for `install`, which asks the real one for the manifests instead of a cluster. Then the pod of these is
started as a kubelet would (kubelet.py), with the Secret that was made. What an API server would say is not tried.

usage: install_test.py MAAND    (as root; it makes namespaces of its own)
"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

import yaml

from chart import HERE, TREE, helm, objects_of, pod_of
from kubelet import Kubelet
from pod_world import INSIDE, World, main, ready

sys.path.insert(0, str(TREE / "tests" / "pages"))
from page import Page  # noqa: E402

SECTION = "Helm chart"
STAND_INS = {
    "helm": """#!/bin/bash
set -euo pipefail
[ "$1" = install ] || exec "$HELM" "$@"
shift
"$HELM" template "$@" >"$WORLD/manifests.yaml"
""",
    "kubectl": """#!/usr/bin/python3
import base64, json, os, pathlib, sys
world, words = pathlib.Path(os.environ["WORLD"]), sys.argv[1:]
namespaces = world / "namespaces"
if words[:2] == ["create", "namespace"]:
    namespaces.write_text(words[2])
    sys.exit(0)
assert words[0] == "-n" and words[1] == namespaces.read_text(), "no such namespace"
if words[2:5] == ["create", "secret", "generic"]:
    files = [pathlib.Path(word.removeprefix("--from-file=")) for word in words[6:]]
    data = {file.name: base64.b64encode(file.read_bytes()).decode() for file in files}
    (world / f"secret-{words[5]}.json").write_text(json.dumps({"data": data}))
elif words[2] == "exec" and words[4] == "--":
    # Asked of whoever runs the pod.
    (world / "asked").write_text(json.dumps([words[3], *words[5:]]))
else:
    sys.exit(f"this kubectl knows no {words}")
""",
}


def lines_of_page():
    whole = (TREE / "docs/install.md").read_text().splitlines()
    begin = whole.index(f"## {SECTION}") + 1
    [block] = [one for one in Page(TREE / "docs/install.md").blocks if one.language == "sh" and one.line > begin]
    return [line for line in block.lines if line.strip()]


class Install(unittest.TestCase):
    maxDiff = None

    def test_five_lines_bring_it_up(self):
        world = World(type(self))
        at, lines = world.at, lines_of_page()
        self.assertEqual(len(lines), 5, lines)
        bin_directory = at / "bin"
        bin_directory.mkdir()
        for name, text in STAND_INS.items():
            (bin_directory / name).write_text(text)
            (bin_directory / name).chmod(0o755)
        here = at / "here"
        here.mkdir()
        (here / "charts").symlink_to(TREE / "charts")
        (here / "worker.key").write_bytes(world.worker_key)
        (here / "git.key").write_bytes(world.worker_key)
        # maand.yaml of docs/kubernetes.md, with the repository and the worker of this world.
        [text] = [block for block in Page(TREE / "docs/kubernetes.md").blocks if block.lines and block.lines[0].startswith("cat > maand.yaml")]
        secrets = at / "home/prod/secrets"
        secrets.mkdir(parents=True)
        (secrets / "known_hosts").write_text(world.known_hosts)
        environment = {"PATH": f"{bin_directory}:/usr/bin:/bin", "HOME": str(at / "home"), "WORLD": str(at), "HELM": helm()}
        subprocess.run(["bash", "-euc", "\n".join(text.lines)], cwd=here, env=environment, check=True)
        values = yaml.safe_load((here / "maand.yaml").read_text())
        values["config"]["git"]["url"] = "file:///srv/fleet.git"
        values["config"]["ssh"] = {"user": "root", "port": 2222, "use_sudo": False}
        (here / "maand.yaml").write_text(yaml.safe_dump(values))

        for line in lines[:4]:
            done = subprocess.run(["bash", "-euc", line], cwd=here, env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}{done.stderr}")
        objects = objects_of((at / "manifests.yaml").read_text())
        objects["Secret", "maand-keys"] = json.loads((at / "secret-maand-keys.json").read_text())
        self.assertEqual({o["metadata"]["namespace"] for (kind, _), o in objects.items() if kind != "Secret"}, {"maand"})
        pod = pod_of(objects)
        kubelet = Kubelet(at, pod, objects, sys.argv[1])
        world.make_repository(kubelet)
        kubelet.volumes()
        [init], [container] = pod["spec"]["initContainers"], pod["spec"]["containers"]
        with open(at / "log", "w") as log:
            said = (at / "log").read_text
            self.assertEqual(kubelet.start(init, stdout=log, stderr=log).wait(timeout=60), 0, said())
            daemon = kubelet.start(container, stdout=log, stderr=log)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        ready(container, "127.0.0.1", lambda: daemon.poll() is None, said)
        self.assertRegex(world.of_clock("time", patience=60), r"^clock 1\.0\.0: ")

        subprocess.run(["bash", "-euc", lines[4]], cwd=here, env=environment, check=True)
        name, *command = json.loads((at / "asked").read_text())
        [workload] = [name for kind, name in objects if kind == "StatefulSet"]
        self.assertEqual(name, f"{workload}-0")
        asked = kubelet.start(container, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = asked.communicate(timeout=60)
        self.assertEqual(asked.returncode, 0, out)
        self.assertRegex(out, r"clock +127.0.43.1 +1\.0\.0 +running")


if __name__ == "__main__":
    if INSIDE not in os.environ:
        helm()
    main(__file__)
