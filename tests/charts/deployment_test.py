"""templates/deployment.yaml: pods that keep their state in PostgreSQL."""
import unittest

from chart import DATABASE, main, merged, pod_of, render

NODE, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def deployment(more=None):
    return render(merged(DATABASE, more or {}))["Deployment", "prod-maand"]["spec"]


class Deployment(unittest.TestCase):
    def test_it_takes_the_place_of_the_stateful_set_and_of_its_volume(self):
        objects = render({**DATABASE, "replicas": 3})
        kinds = {kind for kind, _ in objects}
        self.assertIn("Deployment", kinds)
        self.assertFalse(kinds & {"StatefulSet", "PersistentVolumeClaim"})
        self.assertEqual(objects["Deployment", "prod-maand"]["spec"]["replicas"], 3)
        [bucket] = [v for v in pod_of(objects)["spec"]["volumes"] if v["name"] == "bucket"]
        self.assertEqual(bucket, {"name": "bucket", "emptyDir": {"sizeLimit": "5Gi"}})

    def test_the_url_is_a_reference_to_a_key_of_a_secret(self):
        for secret, key in (({"name": "db"}, "url"), ({"name": "db", "key": "x.y"}, "x.y")):
            spec = deployment({"store": {"urlSecret": secret}})["template"]["spec"]
            self.assertIn({"name": "MAAND__STATE__URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": key}}},
                          spec["containers"][0]["env"])
            # The script of the init container has nothing to do with it.
            self.assertNotIn("env", spec["initContainers"][0])

    def test_a_new_pod_is_ready_before_an_old_one_goes_where_there_may_be_a_node_for_it(self):
        for replicas, spread, want in ((1, "preferred", (1, 0)), (3, "preferred", (1, 0)), (3, "none", (1, 0)),
                                       (1, "required", (1, 0)), (3, "required", (0, 1))):
            rolling = deployment({"replicas": replicas, "spread": spread})["strategy"]["rollingUpdate"]
            self.assertEqual((rolling["maxSurge"], rolling["maxUnavailable"]), want, (replicas, spread))

    def test_several_pods_are_on_nodes_and_in_zones_of_their_own_as_far_as_asked(self):
        table = [
            (1, {}, [], []),
            (2, {}, [], [(100, NODE), (50, ZONE)]),
            (2, {"spread": "required"}, [NODE], [(50, ZONE)]),
            (2, {"spread": "none"}, [], []),
        ]
        for replicas, more, required, preferred in table:
            with self.subTest((replicas, more)):
                affinity = deployment({"replicas": replicas, **more})["template"]["spec"].get("affinity", {})
                apart = affinity.get("podAntiAffinity", {})
                self.assertEqual([one["topologyKey"] for one in
                                  apart.get("requiredDuringSchedulingIgnoredDuringExecution", [])], required)
                self.assertEqual([(one["weight"], one["podAffinityTerm"]["topologyKey"]) for one in
                                  apart.get("preferredDuringSchedulingIgnoredDuringExecution", [])], preferred)

    def test_an_affinity_of_ones_own_replaces_the_charts(self):
        own = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "preference": {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}}]}}
        self.assertEqual(deployment({"replicas": 2, "affinity": own})["template"]["spec"]["affinity"], own)


if __name__ == "__main__":
    main()
