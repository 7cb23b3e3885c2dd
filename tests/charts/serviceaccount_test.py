"""templates/serviceaccount.yaml."""
import unittest

from chart import main, pod_of, render


class ServiceAccount(unittest.TestCase):
    def test_it_gives_no_token_to_anybody(self):
        objects = render()
        self.assertIs(objects["ServiceAccount", "prod-maand"]["automountServiceAccountToken"], False)
        self.assertIs(pod_of(objects)["spec"]["automountServiceAccountToken"], False)

    def test_the_pod_has_the_one_that_was_asked_for(self):
        for account, made, want in (({}, True, "prod-maand"), ({"name": "x"}, True, "x"),
                                    ({"create": False}, False, "default"),
                                    ({"create": False, "name": "x"}, False, "x")):
            objects = render({"serviceAccount": account})
            self.assertEqual(any(kind == "ServiceAccount" for kind, _ in objects), made)
            self.assertEqual(pod_of(objects)["spec"]["serviceAccountName"], want)


if __name__ == "__main__":
    main()
