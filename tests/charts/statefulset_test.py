"""templates/statefulset.yaml and the pod that it makes."""
import unittest

from chart import main, pod_of, render


class StatefulSet(unittest.TestCase):
    def test_there_is_one_pod_and_never_a_second(self):
        [stateful_set] = [o for (kind, _), o in render().items() if kind == "StatefulSet"]
        self.assertEqual(stateful_set["spec"]["replicas"], 1)
        self.assertEqual(stateful_set["spec"]["serviceName"], "prod-maand")
        self.assertFalse([kind for kind, _ in render() if kind == "Deployment"])

    def test_the_image_is_named_by_digest_else_by_tag_else_by_the_charts_version(self):
        digest = "sha256:" + "0" * 64
        for image, want in (({}, ":0.1.0"), ({"tag": "2"}, ":2"), ({"tag": "2", "digest": digest}, "@" + digest)):
            spec = pod_of(render({"image": image}))["spec"]
            for container in spec["initContainers"] + spec["containers"]:
                self.assertEqual(container["image"], "registry.example.com/maand" + want)

    def test_a_changed_configuration_is_a_new_pod_and_nothing_else_is(self):
        def checksum(more):
            return pod_of(render(more))["metadata"]["annotations"]["checksum/config"]
        self.assertNotEqual(checksum({}), checksum({"config": {"name": "other"}}))
        self.assertNotEqual(checksum({}), checksum({"knownHosts": "h ssh-ed25519 AAAA\n"}))
        self.assertEqual(checksum({}), checksum({"resources": {"limits": {"memory": "2Gi"}}}))

    def test_files_are_read_only_and_copies_of_secrets_are_in_memory(self):
        spec = pod_of(render())["spec"]
        [daemon] = spec["containers"]
        mounts = {mount["name"]: mount for mount in daemon["volumeMounts"]}
        self.assertEqual({name for name, mount in mounts.items() if not mount.get("readOnly")}, {"bucket", "tmp"})
        self.assertNotIn("given", mounts)
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        self.assertEqual(volumes["secrets"]["emptyDir"]["medium"], "Memory")
        self.assertEqual(volumes["given"]["projected"]["defaultMode"], 0o400)

    def test_a_secrets_key_is_called_like_its_file_unless_said_otherwise(self):
        files = [{"file": "worker.key", "secretName": "a"}, {"file": "x", "secretName": "b", "key": "y.z"}]
        spec = pod_of(render({"secretFiles": files}))["spec"]
        [given] = [volume for volume in spec["volumes"] if volume["name"] == "given"]
        self.assertEqual([(one["secret"]["name"], one["secret"]["items"]) for one in given["projected"]["sources"]],
                         [("a", [{"key": "worker.key", "path": "worker.key"}]), ("b", [{"key": "y.z", "path": "x"}])])

    def test_names_are_short_enough_for_the_labels_that_are_made_of_them(self):
        long = "a" * 63
        for more in ({"fullnameOverride": long}, {"nameOverride": long}):
            for _, name in render(more):
                self.assertLessEqual(len(name), 63, name)


if __name__ == "__main__":
    main()
