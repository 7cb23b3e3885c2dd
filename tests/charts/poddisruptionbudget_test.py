"""templates/poddisruptionbudget.yaml."""
import unittest

from chart import main, render


class PodDisruptionBudget(unittest.TestCase):
    def test_there_is_one_when_asked_for_and_it_says_what_was_asked(self):
        self.assertNotIn(("PodDisruptionBudget", "prod-maand"), render())
        for away in (0, 1):
            budget = render({"podDisruptionBudget": {"enabled": True, "maxUnavailable": away}})
            self.assertEqual(budget["PodDisruptionBudget", "prod-maand"]["spec"]["maxUnavailable"], away)


if __name__ == "__main__":
    main()
