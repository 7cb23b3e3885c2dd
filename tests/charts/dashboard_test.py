"""templates/dashboard.yaml."""
import json
import re
import unittest

from chart import CHART, main, render


def expressions(value):
    """Whatever is asked of Prometheus: panels, annotations and variables."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key in ("expr", "definition") and isinstance(below, str):
                yield below
            yield from expressions(below)
    elif isinstance(value, list):
        for below in value:
            yield from expressions(below)


class Dashboard(unittest.TestCase):
    def test_every_panel_is_of_the_buckets_and_daemons_that_were_chosen(self):
        """A daemon of several tells each series with its bucket; one of a single bucket tells none, hence `|`."""
        asked = list(expressions(json.loads((CHART / "files" / "dashboard.json").read_text())))
        self.assertGreater(len(asked), 50)
        for text in asked:
            for name, selector in re.findall(r"\b((?:maand|process)_[a-z_]+)(\{[^{}]*\})?", text):
                if name in ("maand_job", "maand_bucket_info"):  # a label; what the choice is made of
                    continue
                self.assertIn('instance=~"$instance"', selector, text)
                of_process = name.startswith("process_") or name == "maand_build_info"
                self.assertEqual('bucket=~"$bucket|"' in selector, not of_process, text)

    def test_it_is_the_file_and_has_the_label_that_grafana_looks_for(self):
        self.assertNotIn(("ConfigMap", "prod-maand-dashboard"), render())
        dashboard = render({"metrics": {"dashboard": {"enabled": True}}})["ConfigMap", "prod-maand-dashboard"]
        self.assertEqual(dashboard["metadata"]["labels"]["grafana_dashboard"], "1")
        self.assertEqual(json.loads(dashboard["data"]["maand.json"]),
                         json.loads((CHART / "files" / "dashboard.json").read_text()))


if __name__ == "__main__":
    main()
