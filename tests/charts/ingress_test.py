"""templates/ingress.yaml."""
import unittest

from chart import main, merged, render

WEBHOOKS = {
    "config": {"webhook": {"generic_secret_file": "w"}},
    "secretFiles": [{"file": name, "secretName": "s"} for name in ("worker.key", "tokens", "w")],
    "webhooks": {"enabled": True, "ingress": {"enabled": True, "host": "maand.example.com"}},
}


class Ingress(unittest.TestCase):
    def test_there_is_none_unless_asked_for(self):
        self.assertNotIn(("Ingress", "prod-maand"), render())
        off = merged(WEBHOOKS, {"webhooks": {"ingress": {"enabled": False}}})
        self.assertNotIn(("Ingress", "prod-maand"), render(off))

    def test_nothing_but_webhooks_is_behind_it_also_where_the_api_is_exposed(self):
        for more in ({}, {"api": {"expose": True, "allowPlaintext": True}}):
            [rule] = render(merged(WEBHOOKS, more))["Ingress", "prod-maand"]["spec"]["rules"]
            [path] = rule["http"]["paths"]
            self.assertEqual((path["path"], path["pathType"]), ("/webhook/", "Prefix"))
            self.assertEqual(path["backend"]["service"]["port"], {"name": "webhooks"})

    def test_tls_class_and_annotations_are_the_values(self):
        self.assertNotIn("tls", render(WEBHOOKS)["Ingress", "prod-maand"]["spec"])
        more = {"webhooks": {"ingress": {"tlsSecretName": "t", "className": "c", "annotations": {"a": "b"}}}}
        ingress = render(merged(WEBHOOKS, more))["Ingress", "prod-maand"]
        self.assertEqual(ingress["spec"]["tls"], [{"hosts": ["maand.example.com"], "secretName": "t"}])
        self.assertEqual(ingress["spec"]["ingressClassName"], "c")
        self.assertEqual(ingress["metadata"]["annotations"], {"a": "b"})


if __name__ == "__main__":
    main()
