"""Does `helm lint --strict` find nothing, and does the chart stay as small as a release of Helm may be?"""
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

from chart import CHART, HERE, TREE, main, run


class Lint(unittest.TestCase):
    def test_it_has_nothing_to_say_about_any_kept_values(self):
        for case in sorted((HERE / "golden").glob("*/values.yaml")):
            with self.subTest(case.parent.name):
                done = run("lint", "--strict", CHART, "--values", case)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertNotIn("[WARNING]", done.stdout)

    def test_it_finds_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as directory:
            broken = pathlib.Path(directory) / "maand"
            subprocess.run(["cp", "-r", CHART, broken], check=True)
            (broken / "templates" / "service.yaml").write_text("{{ if }}\n")
            self.assertNotEqual(run("lint", broken).returncode, 0)

    def test_everything_is_packed_that_templates_read(self):
        with tempfile.TemporaryDirectory() as directory:
            done = run("package", CHART, "--destination", directory)
            self.assertEqual(done.returncode, 0, done.stderr)
            [package] = pathlib.Path(directory).glob("*.tgz")
            # A release is kept in a Secret, which takes 1 MiB.
            self.assertLess(package.stat().st_size, 256 * 1024)
            with tarfile.open(package) as packed:
                names = {name.split("/", 1)[1] for name in packed.getnames()}
            self.assertLessEqual({str(path.relative_to(CHART)) for path in CHART.rglob("*")
                                  if path.is_file() and path.name != ".helmignore"}, names)
            kept = HERE / "golden" / "everything"
            done = run("template", "prod", package, "--namespace", "ops", "--values", kept / "values.yaml")
            self.assertEqual(done.stdout, (kept / "manifests.yaml").read_text())

    def test_its_version_of_maand_is_the_trees(self):
        said = subprocess.run([sys.argv[1], "version"], check=True, capture_output=True, text=True).stdout
        done = run("show", "chart", CHART)
        self.assertIn(f"appVersion: {said.split()[1]}\n", done.stdout)
        self.assertTrue((TREE / "charts" / "maand" / "README.md").exists())


if __name__ == "__main__":
    main()
