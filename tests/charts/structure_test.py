"""Do the objects of one release fit together? Over the manifests in golden/, without helm or a cluster."""
import re
import unittest

import yaml

from chart import HERE, objects_of, pod_of

CASES = sorted(path.parent for path in (HERE / "golden").glob("*/manifests.yaml"))
# Of objects that are not the chart's: who makes them is said in values.yaml.
GIVEN = {"PersistentVolumeClaim": {"old-bucket"}}
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
API = {"StatefulSet": "apps/v1", "Deployment": "apps/v1", "Service": "v1", "ConfigMap": "v1", "ServiceAccount": "v1",
       "PersistentVolumeClaim": "v1", "Ingress": "networking.k8s.io/v1", "NetworkPolicy": "networking.k8s.io/v1",
       "PodDisruptionBudget": "policy/v1", "ServiceMonitor": "monitoring.coreos.com/v1",
       "PrometheusRule": "monitoring.coreos.com/v1"}


def chosen(selector, labels):
    return bool(selector) and selector.items() <= labels.items()


def containers(pod):
    return pod["spec"]["initContainers"] + pod["spec"]["containers"]


class Structure:
    case = None

    def setUp(self):
        self.objects = objects_of((self.case / "manifests.yaml").read_text())
        self.pod = pod_of(self.objects)

    def test_objects_are_of_known_kinds_and_rightly_named(self):
        for (kind, name), o in self.objects.items():
            self.assertEqual(o["apiVersion"], API[kind])
            self.assertTrue(NAME.fullmatch(name) and len(name) <= 253, name)
            self.assertTrue(o["metadata"]["namespace"])
            for label in o["metadata"]["labels"].values():
                self.assertIsInstance(label, str)
                self.assertTrue(LABEL.fullmatch(label) and len(label) <= 63, label)

    def test_no_secret_and_no_right_is_ever_made(self):
        kinds = {kind for kind, _ in self.objects}
        self.assertFalse(kinds & {"Secret", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})

    def test_every_selector_matches_the_pod(self):
        labels = self.pod["metadata"]["labels"]
        for (kind, _), o in self.objects.items():
            if kind == "Service":
                self.assertTrue(chosen(o["spec"]["selector"], labels))
            elif kind in ("StatefulSet", "Deployment", "PodDisruptionBudget"):
                self.assertTrue(chosen(o["spec"]["selector"]["matchLabels"], labels))
            elif kind == "NetworkPolicy":
                self.assertTrue(chosen(o["spec"]["podSelector"]["matchLabels"], labels))
            elif kind == "ServiceMonitor":
                services = [s for (k, _), s in self.objects.items() if k == "Service"]
                self.assertTrue(all(chosen(o["spec"]["selector"]["matchLabels"], s["metadata"]["labels"])
                                    for s in services))

    def test_every_container_is_confined_and_the_daemon_is_probed(self):
        spec = self.pod["spec"]
        self.assertFalse(spec["automountServiceAccountToken"])
        self.assertFalse(spec["enableServiceLinks"])
        self.assertNotIn("hostNetwork", spec)
        security = spec["securityContext"]
        self.assertTrue(security["runAsNonRoot"])
        self.assertEqual((security["runAsUser"], security["runAsGroup"], security["fsGroup"]), (10001,) * 3)
        self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
        for container in containers(self.pod):
            self.assertEqual(container["securityContext"],
                             {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                              "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}})
            self.assertTrue(container["resources"]["requests"] and container["resources"]["limits"])
        [daemon] = spec["containers"]
        ports = {port["name"]: port["containerPort"] for port in daemon["ports"]}
        for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"),
                            ("readinessProbe", "/readyz")):
            self.assertEqual(daemon[probe]["httpGet"], {"path": path, "port": "health"})
        self.assertEqual(ports["health"], 8485)

    def test_every_mount_has_its_volume_and_every_volume_is_mounted(self):
        volumes = [volume["name"] for volume in self.pod["spec"]["volumes"]]
        self.assertEqual(len(volumes), len(set(volumes)))
        mounted = set()
        for container in containers(self.pod):
            paths = [mount["mountPath"] for mount in container["volumeMounts"]]
            self.assertEqual(len(paths), len(set(paths)))
            mounted |= {mount["name"] for mount in container["volumeMounts"]}
        self.assertEqual(mounted, set(volumes))

    def test_whatever_is_referred_to_is_there_or_said_in_the_values(self):
        values = yaml.safe_load((self.case / "values.yaml").read_text())
        secrets = {one["secretName"] for one in values["secretFiles"]}
        secrets.add(values.get("tls", {}).get("secretName"))
        accounts = {name for kind, name in self.objects if kind == "ServiceAccount"} | {"default"}
        self.assertIn(self.pod["spec"]["serviceAccountName"], accounts)
        claims = {name for kind, name in self.objects if kind == "PersistentVolumeClaim"}
        for volume in self.pod["spec"]["volumes"]:
            if "persistentVolumeClaim" in volume:
                self.assertIn(volume["persistentVolumeClaim"]["claimName"],
                              claims | GIVEN["PersistentVolumeClaim"])
            sources = volume.get("projected", {}).get("sources", [])
            sources += [{"configMap": volume["configMap"]}] if "configMap" in volume else []
            paths = [item["path"] for source in sources for one in source.values() for item in one["items"]]
            self.assertEqual(len(paths), len(set(paths)))
            for source in sources:
                if "secret" in source:
                    self.assertIn(source["secret"]["name"], secrets)
                else:
                    data = self.objects["ConfigMap", source["configMap"]["name"]]["data"]
                    for item in source["configMap"]["items"]:
                        self.assertIn(item["key"], data)

    def test_what_may_hold_a_password_is_only_ever_referred_to(self):
        values = yaml.safe_load((self.case / "values.yaml").read_text())
        [daemon] = self.pod["spec"]["containers"]
        url = [one for one in daemon["env"] if one["name"] == "MAAND__STATE__URL"]
        if values.get("store", {}).get("type") != "postgresql":
            self.assertEqual(url, [])
        else:
            self.assertEqual(set(url[0]), {"name", "valueFrom"})
            self.assertEqual(url[0]["valueFrom"]["secretKeyRef"]["name"], values["store"]["urlSecret"]["name"])
        self.assertNotIn("postgresql://", (self.case / "manifests.yaml").read_text())

    def test_several_pods_keep_apart_and_are_chosen_by_their_own_labels(self):
        [workload] = [o for (kind, _), o in self.objects.items() if kind in ("StatefulSet", "Deployment")]
        affinity = self.pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
        terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", [])
        terms += [one["podAffinityTerm"] for one in affinity.get("preferredDuringSchedulingIgnoredDuringExecution", [])]
        self.assertEqual({term["topologyKey"] for term in terms},
                         {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} if workload["spec"]["replicas"] > 1 else set())
        for term in terms:
            self.assertTrue(chosen(term["labelSelector"]["matchLabels"], self.pod["metadata"]["labels"]))

    def test_services_ingresses_and_policies_speak_of_ports_of_the_pod(self):
        [daemon] = self.pod["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in daemon["ports"]}
        for (kind, _), o in self.objects.items():
            if kind == "Service":
                self.assertEqual({port["targetPort"]: port["port"] for port in o["spec"]["ports"]}, ports)
            elif kind == "NetworkPolicy":
                let_in = {port["port"] for rule in o["spec"]["ingress"] for port in rule["ports"]}
                self.assertEqual(let_in, set(ports.values()))
            elif kind == "Ingress":
                for rule in o["spec"]["rules"]:
                    for path in rule["http"]["paths"]:
                        service = path["backend"]["service"]
                        named = {port["name"] for port in self.objects["Service", service["name"]]["spec"]["ports"]}
                        self.assertIn(service["port"]["name"], named)
            elif kind == "ServiceMonitor":
                for endpoint in o["spec"]["endpoints"]:
                    self.assertIn(endpoint["port"], ports)


for one in CASES:
    globals()[f"Of_{one.name}"] = type(f"Of_{one.name}", (Structure, unittest.TestCase), {"case": one})
assert len(CASES) >= 5, "the cases of golden/ are gone"


if __name__ == "__main__":
    unittest.main()
