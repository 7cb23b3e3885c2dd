"""Does each set of values give the manifests that are kept beside it?

MAAND_GOLDEN_UPDATE=1 writes them anew and fails, so that such a run can never pass for a test.
"""
import os
import unittest

import yaml

from chart import HERE, main, text

CASES = sorted(path.parent for path in (HERE / "golden").glob("*/values.yaml"))


class Golden(unittest.TestCase):
    maxDiff = None

    def test_values_give_the_manifests_beside_them(self):
        self.assertGreaterEqual(len(CASES), 7)
        update = os.environ.get("MAAND_GOLDEN_UPDATE")
        for case in CASES:
            with self.subTest(case.name):
                got = text(yaml.safe_load((case / "values.yaml").read_text()))
                kept = case / "manifests.yaml"
                if update:
                    kept.write_text(got)
                self.assertFalse(update, "was written anew; read it and run again without MAAND_GOLDEN_UPDATE")
                self.assertEqual(got, kept.read_text())

    def test_nothing_but_values_makes_a_difference(self):
        values = yaml.safe_load((CASES[0] / "values.yaml").read_text())
        self.assertEqual(text(values), text(values))


if __name__ == "__main__":
    main()
