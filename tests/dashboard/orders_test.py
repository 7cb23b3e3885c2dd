"""Orders: only with role operate, with a dialog that says what happens, and with the
API's own words when it refuses. And tokens."""

import states
from page_case import PageCase, main


class Orders(PageCase):
    def give(self, page, order, place="", **values):
        page.until(f"document.querySelector('{place} [data-order={order}]')")
        page.click(f"{place} [data-order={order}]")
        page.until("document.querySelector('dialog[open]')")
        for name, value in values.items():
            page.eval(f"document.querySelector('dialog [name=\"{name.rstrip('_')}\"]').value = '{value}'")

    def send(self, page):
        page.click("dialog [type=submit]")
        page.until("!document.querySelector('dialog')")

    def test_who_may_only_read_has_no_buttons(self):
        page = self.show(states.troubled(), "#job/billing", role="read")
        page.until("document.querySelector('#details .places')")
        self.assertEqual(page.eval("document.querySelectorAll('[data-order]').length"), 0)
        self.assertFalse(page.eval("document.getElementById('orders').checkVisibility()"))
        self.assertEqual(page.text("#who"), "ada · read")

    def test_each_order_says_what_will_happen_and_sends_what_the_contract_says(self):
        page = self.show(states.troubled(), role="operate")
        told = {}
        for order, place, values, sent in [
            ("reconcile", "#orders", {}, {}),
            ("suspend", "#orders", {"reason": "moving the rack", "for_": "2h"}, {"reason": "moving the rack", "for": "2h"}),
            ("retry", "#attention", {}, {"job": "billing"}),
            ("release", "#attention", {}, {"subject": "web"}),
            ("retry", "#details", {}, {"job": "billing"}),
            ("rollback", "#details", {"to": states.OLD, "reason": "503s"}, {"job": "billing", "to": states.OLD, "reason": "503s"}),
            ("suspend", "#details", {"reason": "checkout freeze"}, {"job": "billing", "reason": "checkout freeze", "for": "1h"}),
        ]:
            if place == "#details":
                page.eval("location.hash = '#job/billing'")
            self.give(page, order, place, **values)
            told[order, place] = page.text("dialog .says")
            self.picture(page, f"order-{order}")
            self.send(page)
            self.assertEqual(self.server.orders[-1][:2], (order, sent))
            page.until(f"document.getElementById('toast').textContent === '{order}: noted'")
        self.assertIn("asks the git remote now", told["reconcile", "#orders"])
        self.assertIn("health gate finish", told["suspend", "#orders"])
        self.assertIn("answered 503 for 30 rounds", told["retry", "#attention"])
        self.assertIn("too many of its allocations"[4:], told["release", "#attention"])
        self.assertIn("stays there", told["rollback", "#details"])

    def test_an_order_that_this_daemon_does_not_take_is_not_offered(self):
        self.server.offered = ["reconcile", "retry", "suspend"]
        page = self.show(states.troubled(), "#job/billing", role="operate")
        page.until("document.querySelector('#details [data-order]')")
        self.assertEqual(page.texts("#details [data-order], #orders [data-order]"), ["Reconcile", "Suspend", "Retry", "Suspend"])

    def test_a_suspended_bucket_is_resumed(self):
        page = self.show(states.suspended(), role="operate")
        self.give(page, "resume", "#orders")
        self.send(page)
        self.give(page, "resume", "#attention li:nth-of-type(2)")
        self.assertIn("Resume web", page.text("dialog h2"))
        self.send(page)
        self.assertEqual([order[:2] for order in self.server.orders], [("resume", {}), ("resume", {"job": "web"})])

    def test_a_commit_is_rolled_back_to_for_a_job_that_is_chosen(self):
        self.server.notes = {states.OLD: "maand prod: applied"}
        page = self.show(states.healthy(), "#commit/" + states.OLD, role="operate")
        self.give(page, "rollback", "#details", reason="wrong prices", job="web", for_="8h")
        self.send(page)
        self.assertEqual(self.server.orders[-1][:2], ("rollback", {"job": "web", "to": states.OLD, "reason": "wrong prices", "for": "8h"}))

    def test_what_is_needed_is_asked_for_and_a_refusal_is_shown_as_it_is(self):
        self.complaints_expected = True  # the browser logs the 409
        page = self.show(states.healthy(), role="operate")
        self.give(page, "suspend", "#orders")
        page.click("dialog [type=submit]")
        self.assertEqual(self.server.orders, [], "without a reason nothing is sent")
        self.assertTrue(page.eval("document.querySelector('dialog').open"))
        page.eval("document.querySelector('dialog [name=reason]').value = '   '")
        page.click("dialog [type=submit]")
        page.until("document.querySelector('dialog .error').textContent === 'Reason: this is needed.'")
        page.eval("document.querySelector('dialog [name=reason]').value = 'x'")
        self.server.refusals = {"suspend": (409, "the bucket is suspended already, by lin until 15:00")}
        page.click("dialog [type=submit]")
        page.until("document.querySelector('dialog .error').textContent === 'the bucket is suspended already, by lin until 15:00'")
        self.assertTrue(page.eval("document.querySelector('dialog').open"))
        self.picture(page, "order-refused")


class Tokens(PageCase):
    def use(self, page, token):
        page.until("document.querySelector('dialog[open] [name=token]')")
        page.eval(f"document.querySelector('dialog [name=token]').value = '{token}'")
        page.click("dialog [type=submit]")

    def test_a_token_is_asked_for_kept_for_the_tab_and_sent(self):
        self.complaints_expected = True  # the browser logs the 401s
        self.server.tokens = {"s3cret": ("grace", "operate"), "other": ("otto", "read")}
        self.server.anonymous = {"name": "", "role": "none"}
        for name, value in states.healthy().items():
            setattr(self.server, name, value)
        from browser import Page
        page = Page(self.browser)
        self.pages.append(page)
        page.open(self.server.url + "/#job/api")
        page.until("document.querySelector('dialog[open]')")
        self.assertEqual(page.eval("document.querySelector('dialog [name=token]').type"), "password")
        self.picture(page, "token")
        self.use(page, "wrong")
        page.until("document.querySelector('dialog .error').textContent")
        self.assertIsNone(page.eval("sessionStorage.getItem('maand-token')"))
        self.use(page, "s3cret")
        page.until("document.querySelector('.headline') && !document.getElementById('details').hidden")
        page.until("document.querySelector('#who').innerText === 'grace · operate'")
        page.until("document.getElementById('link').dataset.link === 'live' && document.getElementById('cut').hidden")
        self.assertEqual(page.eval("[sessionStorage.getItem('maand-token'), localStorage.length, document.cookie]"), ["s3cret", 0, ""])
        page.eval("document.querySelector('#orders [data-order=reconcile]').click()")
        page.until("document.querySelector('dialog[open]')")
        page.click("dialog [type=submit]")
        page.until("!document.querySelector('dialog')")
        self.assertEqual(self.server.orders[-1], ("reconcile", {}, "Bearer s3cret"))
        # Forgotten, the buttons are gone with it.
        page.eval("document.getElementById('who').click()")
        page.until("document.querySelector('dialog[open]')")
        page.eval("[...document.querySelectorAll('dialog button')].find((b) => b.textContent === 'Forget token').click()")
        page.until("!document.querySelector('[data-order]')")
        self.assertIsNone(page.eval("sessionStorage.getItem('maand-token')"))


if __name__ == "__main__":
    main()
