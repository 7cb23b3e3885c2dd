"""values.schema.json: is it what maand says of its settings, and does Helm refuse by it?

MAAND_GOLDEN_UPDATE=1 writes the part of `config` anew and fails.

usage: values_schema_test.py MAAND
"""
import json
import os
import sys
import unittest

import yaml

from chart import CHART, main, refusal, render
from values_schema import config_schema, text_of

FILE = CHART / "values.schema.json"
SECRET = {"file": "worker.key", "secretName": "s"}


def leaves(value, at=()):
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, (*at, key))
    else:
        yield at


class ValuesSchema(unittest.TestCase):
    maxDiff = None

    def test_config_is_what_maand_says_of_its_settings(self):
        schema = json.loads(FILE.read_text())
        schema["properties"]["config"] = config_schema(sys.argv[1])
        update = os.environ.get("MAAND_GOLDEN_UPDATE")
        if update:
            FILE.write_text(text_of(schema))
        self.assertFalse(update, "was written anew; read it and run again without MAAND_GOLDEN_UPDATE")
        self.assertEqual(FILE.read_text(), text_of(schema))

    def test_every_value_is_known_to_it_and_no_other(self):
        def known(schema, path):
            for key in path:
                if "properties" not in schema:
                    return schema.get("additionalProperties") not in (None, False)
                schema = schema["properties"].get(key)
                if schema is None:
                    return False
            return True
        schema = json.loads(FILE.read_text())
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        for path in leaves(values):
            self.assertTrue(known(schema, path), path)
        self.assertEqual(set(schema["properties"]) - {"global"}, set(values))

        def closed(schema, path):
            if "properties" in schema and path not in ((), ("extraEnv", "items")):
                self.assertIs(schema.get("additionalProperties"), False, path)
            for key, below in schema.get("properties", {}).items():
                closed(below, (*path, key))
        self.assertIs(schema["additionalProperties"], False)
        closed(schema, ())

    def test_what_cannot_be_is_refused_by_name(self):
        table = [
            ({"nonsense": 1}, "nonsense"),
            ({"replicas": 10}, "/replicas"),
            ({"replicas": 1.5}, "/replicas"),
            ({"replicas": "2"}, "/replicas"),
            ({"replicas": 0}, "/replicas"),
            ({"spread": "apart"}, "/spread"),
            ({"store": {"type": "mysql"}}, "/store/type"),
            ({"store": {"url": "postgresql://db/maand"}}, "url"),
            ({"store": {"urlSecret": {"name": "postgresql://u:p@db/maand"}}}, "/store/urlSecret/name"),
            ({"store": {"urlSecret": {"value": "postgresql://u:p@db/maand"}}}, "value"),
            ({"store": {"urlSecret": {"name": "s", "key": ""}}}, "/store/urlSecret/key"),
            ({"store": {"cacheSize": "big"}}, "/store/cacheSize"),
            ({"podDisruptionBudget": {"enabled": "yes"}}, "/podDisruptionBudget/enabled"),
            ({"image": {"repository": "a b"}}, "/image/repository"),
            ({"image": {"repository": "host/x:tag"}}, "/image/repository"),
            ({"image": {"digest": "sha256:12"}}, "/image/digest"),
            ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
            ({"config": {"gti": {}}}, "gti"),
            ({"config": {"git": {"brnach": "x"}}}, "brnach"),
            ({"config": {"http": {"listen": "0.0.0.0:1"}}}, "http"),
            ({"config": {"state": {"url": "postgresql://x"}}}, "url"),
            ({"config": {"certs_ttl": "x"}}, "/config/certs_ttl"),
            ({"config": {"certs_ttl": 1.5}}, "/config/certs_ttl"),
            ({"config": {"ssh": {"port": 65536}}}, "/config/ssh/port"),
            ({"config": {"ssh": {"host_key_policy": "none"}}}, "/config/ssh/host_key_policy"),
            ({"config": {"git": {"poll_interval": "1 minute"}}}, "/config/git/poll_interval"),
            ({"config": {"drift": {"mode": "mend"}}}, "/config/drift/mode"),
            ({"config": {"ssh_user": "x"}}, "ssh_user"),
            ({"config": {"name": "a\nb"}}, "/config/name"),
            ({"secretFiles": [{"file": "worker.key"}]}, "secretName"),
            ({"secretFiles": [{**SECRET, "value": "hush"}]}, "value"),
            ({"secretFiles": [{**SECRET, "file": "../x"}]}, "/secretFiles/0/file"),
            ({"secretFiles": [{**SECRET, "file": "..data"}]}, "/secretFiles/0/file"),
            ({"secretFiles": [{**SECRET, "secretName": "A_b"}]}, "/secretFiles/0/secretName"),
            ({"persistence": {"accessMode": "ReadWriteMany"}}, "/persistence/accessMode"),
            ({"persistence": {"size": "big"}}, "/persistence/size"),
            ({"service": {"type": "ExternalName"}}, "/service/type"),
            ({"podDisruptionBudget": {"maxUnavailable": 2}}, "/podDisruptionBudget/maxUnavailable"),
            ({"metrics": {"serviceMonitor": {"interval": "often"}}}, "/metrics/serviceMonitor/interval"),
            ({"webhooks": {"ingress": {"host": "https://x/"}}}, "/webhooks/ingress/host"),
            ({"terminationGracePeriodSeconds": 0}, "/terminationGracePeriodSeconds"),
            ({"podLabels": {"a": 1}}, "/podLabels/a"),
            ({"extraEnv": [{"name": "A B"}]}, "/extraEnv/0/name"),
        ]
        for more, want in table:
            with self.subTest(more):
                said = refusal(more)
                self.assertIn("specifications of the schema", said)
                self.assertIn(want, said)

    def test_what_can_be_is_taken(self):
        for more in ({"image": {"repository": "host.example.com:5000/a/b", "tag": "v1_x.y-z"}}, {"global": {"a": 1}},
                     {"config": {"policy": {"max_removals": "5%"}, "git": {"poll_interval": "1m30s"}}},
                     {"secretFiles": [SECRET]}):
            self.assertTrue(render(more))


if __name__ == "__main__":
    main()
