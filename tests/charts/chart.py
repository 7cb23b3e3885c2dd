"""The chart as Helm renders it. For the tests beside this file."""
import pathlib
import subprocess
import sys
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
CHART = TREE / "charts" / "maand"
SKIPPED = 77  # as tests/charts/CMakeLists.txt tells ctest

# The least that renders.
LEAST = {
    "image": {"repository": "registry.example.com/maand"},
    "config": {"bucket_id": "b1", "git": {"url": "https://git.example.com/fleet.git"}},
    "secretFiles": [{"file": "worker.key", "secretName": "maand-keys"}],
}


# What takes a bucket into a database, on top of that.
DATABASE = {
    "store": {"type": "postgresql", "urlSecret": {"name": "maand-db"}},
    "secretFiles": [{"file": name, "secretName": "maand-keys"} for name in ("worker.key", "kv.key", "ca.crt", "ca.key")],
}


def merged(base, more):
    """As Helm merges values: maps key by key, everything else replaced."""
    if not isinstance(base, dict) or not isinstance(more, dict):
        return more
    return {**base, **{key: merged(base.get(key), value) for key, value in more.items()}}


def helm():
    """Where helm is. Ends the test as skipped where there is none."""
    found = subprocess.run([HERE / "helm.sh", "--have"], capture_output=True, text=True)
    if found.returncode == SKIPPED:
        print(found.stderr.strip())
        sys.exit(SKIPPED)
    found.check_returncode()
    return found.stdout.strip()


def run(*arguments, values=None):
    """Any helm command; `values` on stdin where there are some."""
    text = None
    if values is not None:
        arguments += ("--values", "-")
        text = yaml.safe_dump(values)
    # From anywhere but the tree, and without what a person has set up for a cluster.
    return subprocess.run([helm(), *map(str, arguments)], input=text, capture_output=True, text=True, cwd="/",
                          env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "HELM_NO_PLUGINS": "1"})


def text(values, *arguments):
    done = run("template", "prod", CHART, "--namespace", "ops", *arguments, values=values)
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(more=None):
    """All objects by kind and name, of LEAST with `more`."""
    return objects_of(text(merged(LEAST, more or {})))


def objects_of(manifests):
    out = {}
    for document in yaml.safe_load_all(manifests):
        if document:
            key = (document["kind"], document["metadata"]["name"])
            assert key not in out, f"{key} is there twice"
            out[key] = document
    return out


def without_none(values):
    if not isinstance(values, dict):
        return values
    return {key: without_none(value) for key, value in values.items() if value is not None}


def refusal(more, *arguments):
    """What is said when LEAST with `more`, None for what is left out, is refused; fails where it is not."""
    done = run("template", "prod", CHART, *arguments, values=without_none(merged(LEAST, more)))
    assert done.returncode != 0, f"{more} should have been refused"
    return done.stderr


def pod_of(objects):
    [workload] = [o for (kind, _), o in objects.items() if kind in ("StatefulSet", "Deployment")]
    return workload["spec"]["template"]


def main():
    """Runs the tests of a file that needs helm; without one the whole file is skipped."""
    helm()
    unittest.main(argv=sys.argv[:1])
