"""Are the manifests in golden/ what a cluster's own types say, field by field? With strict/, a Go program."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from chart import HERE, SKIPPED


def built(directory):
    """The program; ends the test as skipped where Go, or what it needs, cannot be had."""
    go = shutil.which("go")
    if go is None:
        print("skipped: there is no Go toolchain here")
        sys.exit(SKIPPED)
    program = pathlib.Path(directory) / "strict"
    flags = ["-C", HERE / "strict", "build", "-mod=readonly", "-o", program, "."]
    if subprocess.run([go, "-C", HERE / "strict", "mod", "download"], capture_output=True).returncode != 0:
        print("skipped: go could not download what strict/go.mod names")
        sys.exit(SKIPPED)
    subprocess.run([go, *flags], check=True, env={"HOME": "/root", **os.environ})
    return program


class Strict(unittest.TestCase):
    def judge(self, text):
        done = subprocess.run([PROGRAM], input=text, capture_output=True, text=True)
        return done.returncode, done.stdout

    def test_every_field_is_one_of_the_cluster(self):
        cases = sorted((HERE / "golden").glob("*/manifests.yaml"))
        self.assertGreaterEqual(len(cases), 5)
        for case in cases:
            with self.subTest(case.parent.name):
                code, said = self.judge(case.read_text())
                self.assertEqual(code, 0, said)
                left = {line for line in said.splitlines() if line.startswith("not looked at")}
                self.assertLessEqual(left, {"not looked at: monitoring.coreos.com/v1 ServiceMonitor",
                                            "not looked at: monitoring.coreos.com/v1 PrometheusRule"})

    def test_what_is_misspelt_or_misplaced_is_told(self):
        text = (HERE / "golden" / "everything" / "manifests.yaml").read_text()
        for right, wrong in (("startupProbe:", "startupProb:"), ("fsGroupChangePolicy:", "fsGroupChange:"),
                             ("pathType:", "typeOfPath:"), ("replicas: 1", "replicas: one"),
                             ("maxUnavailable:", "maxAway:"), ("readOnlyRootFilesystem: true",
                                                               'readOnlyRootFilesystem: "yes"')):
            self.assertIn(right, text)
            self.assertEqual(self.judge(text.replace(right, wrong))[0], 1, wrong)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        PROGRAM = built(directory)
        unittest.main()
