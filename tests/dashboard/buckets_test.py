"""The page of one bucket of several: below /buckets/<name>/, with a token of its own."""

import states
from browser import Page
from page_case import PageCase, main


class Buckets(PageCase):
    def test_the_page_asks_only_below_its_bucket_and_keeps_a_token_for_it_alone(self):
        self.complaints_expected = True  # the browser logs the 401s
        self.server.base = "/buckets/lab%201"
        self.server.tokens = {"s3cret": ("grace", "operate")}
        self.server.anonymous = {"name": "", "role": "none"}
        for name, value in states.healthy().items():
            setattr(self.server, name, value)
        page = Page(self.browser)
        self.pages.append(page)
        page.open(self.server.url + self.server.base + "/")
        page.until("document.querySelector('dialog[open]')")
        page.eval("document.querySelector('dialog [name=token]').value = 's3cret'")
        page.click("dialog [type=submit]")
        page.until("document.querySelector('.headline') && document.getElementById('link').dataset.link === 'live'")
        page.until("document.querySelector('#orders [data-order=reconcile]')")
        page.click("#orders [data-order=reconcile]")
        page.until("document.querySelector('dialog[open]')")
        page.click("dialog [type=submit]")
        page.until("!document.querySelector('dialog')")
        self.assertEqual(self.server.orders, [("reconcile", {}, "Bearer s3cret")])
        outside = [url for url in page.requests if url.startswith(self.server.url) and not url.startswith(self.server.url + self.server.base + "/")]
        self.assertEqual(outside, [])
        self.assertIsNone(page.eval("sessionStorage.getItem('maand-token')"), "the page of another bucket would send it")
        self.assertEqual(page.eval("sessionStorage.getItem('maand-token /buckets/lab%201/api/v1/')"), "s3cret")


if __name__ == "__main__":
    main()
