"""templates/prometheusrule.yaml."""
import unittest

import yaml

from chart import CHART, main, render


class PrometheusRule(unittest.TestCase):
    def test_its_alerts_are_those_of_the_file(self):
        self.assertNotIn(("PrometheusRule", "prod-maand"), render())
        rule = render({"metrics": {"prometheusRule": {"enabled": True}}})["PrometheusRule", "prod-maand"]
        kept = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())
        self.assertGreater(len(kept["groups"]), 1)
        self.assertEqual(rule["spec"], kept)


if __name__ == "__main__":
    main()
