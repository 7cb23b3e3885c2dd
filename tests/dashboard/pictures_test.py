"""Makes the two pictures of docs/images and checks that they are small enough for a README.

With MAAND_WRITE_PICTURES=1 they replace those of docs/images; otherwise they are only
made beside the other pictures. Pixels are not compared: fonts differ from machine to machine.
"""

import os
import shutil
import struct

import page_case
import states
from page_case import PageCase, main

WANTED = {"dashboard": (states.healthy, {"width": 1280, "height": 860}, "25 healthy"),
          "dashboard-rollout": (states.rolling, {"width": 1280, "height": 960, "dark": True}, "Rolling out")}
MOST_BYTES = 200 * 1024
IMAGES = os.path.join(page_case.SOURCE, "docs/images")


def size_of(path):
    with open(path, "rb") as file:
        head = file.read(24)
    if head[:8] != b"\x89PNG\r\n\x1a\n":
        raise AssertionError(f"{path} is no PNG")
    return struct.unpack(">II", head[16:24])


class Pictures(PageCase):
    def test_the_pictures_of_the_readme_are_made_here(self):
        for name, (world, size, words) in WANTED.items():
            page = self.show(world(), role="operate", **size)
            page.until("document.getElementById('link').dataset.link === 'live' && document.fonts.status === 'loaded'")
            self.assertIn(words, page.text("#main").replace("\n", " "))
            folder = page_case.PICTURES or IMAGES
            os.makedirs(folder, exist_ok=True)
            made = os.path.join(folder, f"docs-{name}.png")
            page.picture(made)
            self.assertLess(os.path.getsize(made), MOST_BYTES)
            self.assertEqual(size_of(made), (size["width"], size["height"]))
            if os.environ.get("MAAND_WRITE_PICTURES"):
                os.makedirs(IMAGES, exist_ok=True)
                shutil.copy(made, os.path.join(IMAGES, name + ".png"))

    def test_those_that_are_kept_are_pictures_of_that_size(self):
        for name, (_, size, _) in WANTED.items():
            path = os.path.join(IMAGES, name + ".png")
            self.assertLess(os.path.getsize(path), MOST_BYTES)
            self.assertEqual(size_of(path), (size["width"], size["height"]))


if __name__ == "__main__":
    main()
