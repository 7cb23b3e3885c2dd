"""templates/service.yaml."""
import unittest

from chart import main, render

KEYS = [{"file": name, "secretName": "s"} for name in ("worker.key", "tokens", "w")]


class Service(unittest.TestCase):
    def test_only_what_is_asked_for_can_be_reached(self):
        webhooks = {"webhooks": {"enabled": True}, "config": {"webhook": {"generic_secret_file": "w"}}}
        api = {"api": {"expose": True, "allowPlaintext": True}}
        for more, ports in (({}, ["health"]), (webhooks, ["health", "webhooks"]), (api, ["health", "api"]),
                            ({**webhooks, **api}, ["health", "webhooks", "api"])):
            service = render({**more, "secretFiles": KEYS})["Service", "prod-maand"]
            self.assertEqual([port["name"] for port in service["spec"]["ports"]], ports)

    def test_type_and_annotations_are_the_values(self):
        service = render({"service": {"type": "LoadBalancer", "annotations": {"a": "b"}}})["Service", "prod-maand"]
        self.assertEqual(service["spec"]["type"], "LoadBalancer")
        self.assertEqual(service["metadata"]["annotations"], {"a": "b"})


if __name__ == "__main__":
    main()
