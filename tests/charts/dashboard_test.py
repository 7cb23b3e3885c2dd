"""templates/dashboard.yaml."""
import json
import unittest

from chart import CHART, main, render


class Dashboard(unittest.TestCase):
    def test_it_is_the_file_and_has_the_label_that_grafana_looks_for(self):
        self.assertNotIn(("ConfigMap", "prod-maand-dashboard"), render())
        dashboard = render({"metrics": {"dashboard": {"enabled": True}}})["ConfigMap", "prod-maand-dashboard"]
        self.assertEqual(dashboard["metadata"]["labels"]["grafana_dashboard"], "1")
        self.assertEqual(json.loads(dashboard["data"]["maand.json"]),
                         json.loads((CHART / "files" / "dashboard.json").read_text()))


if __name__ == "__main__":
    main()
