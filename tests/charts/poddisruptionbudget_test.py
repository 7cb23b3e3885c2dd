"""templates/poddisruptionbudget.yaml."""
import unittest

from chart import DATABASE, main, render


class PodDisruptionBudget(unittest.TestCase):
    def test_there_is_one_when_asked_for_and_it_says_what_was_asked(self):
        self.assertNotIn(("PodDisruptionBudget", "prod-maand"), render())
        for away in (0, 1):
            budget = render({"podDisruptionBudget": {"enabled": True, "maxUnavailable": away}})
            self.assertEqual(budget["PodDisruptionBudget", "prod-maand"]["spec"]["maxUnavailable"], away)

    def test_unless_said_otherwise_there_is_one_where_there_are_several_pods(self):
        for replicas, enabled, want in ((1, "auto", False), (3, "auto", True), (3, False, False), (1, True, True)):
            objects = render({**DATABASE, "replicas": replicas, "podDisruptionBudget": {"enabled": enabled}})
            self.assertEqual(("PodDisruptionBudget", "prod-maand") in objects, want, (replicas, enabled))


if __name__ == "__main__":
    main()
