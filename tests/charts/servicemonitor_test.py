"""templates/servicemonitor.yaml."""
import unittest

from chart import main, render


class ServiceMonitor(unittest.TestCase):
    def test_there_is_none_unless_asked_for(self):
        self.assertNotIn(("ServiceMonitor", "prod-maand"), render())

    def test_the_scrape_job_is_called_as_the_alerts_want_it(self):
        monitor = render({"metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "p"}}}})
        monitor = monitor["ServiceMonitor", "prod-maand"]
        self.assertEqual(monitor["metadata"]["labels"]["release"], "p")
        [endpoint] = monitor["spec"]["endpoints"]
        self.assertEqual((endpoint["port"], endpoint["path"], endpoint["interval"]), ("health", "/metrics", "30s"))
        self.assertEqual(endpoint["relabelings"], [{"targetLabel": "job", "replacement": "maand"}])


if __name__ == "__main__":
    main()
