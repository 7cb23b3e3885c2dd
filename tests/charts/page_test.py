"""Do the commands of docs/kubernetes.md work? Those of helm, with the real one; tests/pages types the others."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from chart import TREE, helm, main, objects_of

sys.path.insert(0, str(TREE / "tests" / "pages"))
from page import Page  # noqa: E402

PAGE = TREE / "docs" / "kubernetes.md"


class KubernetesPage(unittest.TestCase):
    def test_its_values_give_what_helm_takes(self):
        blocks = [block for block in Page(PAGE).blocks if block.language == "sh"]
        ours = [block for block in blocks if not block.not_run or pathlib.Path(__file__).name in block.not_run]
        self.assertEqual(len(ours), 4, "the values of one pod and of several, and what is done with them")
        with tempfile.TemporaryDirectory() as home:
            (pathlib.Path(home) / "maand").symlink_to(TREE)
            secrets = pathlib.Path(home) / "prod" / "secrets"
            secrets.mkdir(parents=True)
            (secrets / "known_hosts").write_text("git.example.com ssh-ed25519 AAAA\nbox1 ssh-ed25519 AAAA\n")
            path = f"{pathlib.Path(helm()).parent}:/usr/bin:/bin"
            printed = []
            for block in ours:
                done = subprocess.run(["/bin/bash", "-euc", "\n".join(block.lines)], cwd=home, capture_output=True,
                                      text=True, env={"PATH": path, "HOME": home})
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                printed.append(done.stdout)
            made = {path.name: path.read_bytes() for path in secrets.iterdir()}
        self.assertEqual(len(made["kv.key"]), 32)
        self.assertIn(b"BEGIN CERTIFICATE", made["ca.crt"])
        objects = objects_of(printed[1][printed[1].index("\n---\n"):])
        self.assertIn(("StatefulSet", "prod-maand"), objects)
        self.assertIn("box1 ssh-ed25519 AAAA", objects["ConfigMap", "prod-maand"]["data"]["known_hosts"])

        objects = objects_of(printed[3])
        self.assertEqual(objects["Deployment", "prod-maand"]["spec"]["replicas"], 3)
        self.assertIn(("PodDisruptionBudget", "prod-maand"), objects)


if __name__ == "__main__":
    main()
