"""templates/networkpolicy.yaml."""
import unittest

from chart import main, render

FILES = [{"file": name, "secretName": "s"} for name in ("worker.key", "tokens", "w")]
ALL = {"secretFiles": FILES, "config": {"webhook": {"generic_secret_file": "w"}}, "webhooks": {"enabled": True},
       "api": {"expose": True, "allowPlaintext": True}}


class NetworkPolicy(unittest.TestCase):
    def spec(self, more):
        return render(more)["NetworkPolicy", "prod-maand"]["spec"]

    def test_each_port_has_its_own_sources(self):
        sources = {"metricsFrom": 8485, "webhooksFrom": 8486, "apiFrom": 8484}
        for value, port in sources.items():
            [chosen] = [{"podSelector": {"matchLabels": {"app": "x"}}}]
            rules = self.spec({**ALL, "networkPolicy": {value: [chosen]}})["ingress"]
            self.assertEqual({rule["ports"][0]["port"]: rule.get("from") for rule in rules},
                             {other: [chosen] if other == port else None for other in sources.values()})

    def test_ports_that_nothing_listens_at_are_closed(self):
        [rule] = self.spec({})["ingress"]
        self.assertEqual(rule["ports"], [{"port": 8485, "protocol": "TCP"}])

    def test_egress_is_free_until_it_is_said(self):
        self.assertEqual(self.spec({})["egress"], [{}])
        rule = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}
        self.assertEqual(self.spec({"networkPolicy": {"egress": [rule]}})["egress"], [rule])

    def test_it_can_be_left_out(self):
        self.assertNotIn(("NetworkPolicy", "prod-maand"), render({"networkPolicy": {"enabled": False}}))


if __name__ == "__main__":
    main()
