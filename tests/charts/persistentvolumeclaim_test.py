"""templates/persistentvolumeclaim.yaml."""
import unittest

from chart import main, pod_of, render

KEEP = "helm.sh/resource-policy"


class PersistentVolumeClaim(unittest.TestCase):
    def claim(self, persistence):
        return render({"persistence": persistence})["PersistentVolumeClaim", "prod-maand-bucket"]

    def test_it_outlives_the_release_unless_said_otherwise(self):
        self.assertEqual(self.claim({})["metadata"]["annotations"], {KEEP: "keep"})
        self.assertNotIn("annotations", self.claim({"keep": False})["metadata"])
        self.assertEqual(self.claim({"keep": False, "annotations": {"a": "b"}})["metadata"]["annotations"], {"a": "b"})

    def test_size_class_and_mode_are_the_values(self):
        spec = self.claim({"size": "7Gi", "storageClass": "fast", "accessMode": "ReadWriteOncePod"})["spec"]
        self.assertEqual(spec, {"accessModes": ["ReadWriteOncePod"], "storageClassName": "fast",
                                "resources": {"requests": {"storage": "7Gi"}}})
        self.assertNotIn("storageClassName", self.claim({})["spec"])

    def test_a_claim_that_is_there_is_used_and_none_is_made(self):
        objects = render({"persistence": {"existingClaim": "mine"}})
        self.assertFalse([kind for kind, _ in objects if kind == "PersistentVolumeClaim"])
        [bucket] = [v for v in pod_of(objects)["spec"]["volumes"] if v["name"] == "bucket"]
        self.assertEqual(bucket["persistentVolumeClaim"], {"claimName": "mine"})


if __name__ == "__main__":
    main()
