"""charts/maand/README.md: is its table what values.yaml says, and is every value explained?

MAAND_GOLDEN_UPDATE=1 writes the table anew and fails.
"""
import os
import unittest

import yaml

from chart import CHART
from values_table import entries, table, with_table

README = CHART / "README.md"


class Readme(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.values = (CHART / "values.yaml").read_text()

    def test_its_table_is_what_the_values_say(self):
        fresh = with_table(README.read_text(), self.values)
        update = os.environ.get("MAAND_GOLDEN_UPDATE")
        if update:
            README.write_text(fresh)
        self.assertFalse(update, "was written anew; read it and run again without MAAND_GOLDEN_UPDATE")
        self.assertEqual(README.read_text(), fresh)

    def test_no_value_is_overlooked(self):
        def names(value, at=""):
            for key, below in value.items():
                yield at + key
                if isinstance(below, dict):
                    yield from names(below, f"{at}{key}.")
        self.assertEqual([name for name, _ in entries(self.values)], list(names(yaml.safe_load(self.values))))

    def test_a_value_without_an_explanation_is_told(self):
        with self.assertRaisesRegex(AssertionError, "a.c of values.yaml has no explanation"):
            table("a:\n  # What b is.\n  b: 1\n\n  c: 2\n")


if __name__ == "__main__":
    unittest.main()
